"""Tables of the room: inboxes, addresses, conversations, messages, what the router decided, who is present."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from zhike.customers.models import Customer
from zhike.org.models import Staff


class Medium(models.TextChoices):
    WEBCHAT = "webchat"
    EMAIL = "email"
    SMS = "sms"
    WECHAT = "wechat"
    PHONE = "phone"
    VISIT = "visit"
    LETTER = "letter"
    WANGWANG = "wangwang"
    """阿里旺旺, the chat of the online shops."""


class Inbox(models.Model):
    """A way in: one chat widget, one mailbox, one short-message number, one WeChat account. It belongs to one handbook."""

    medium = models.CharField(max_length=8, choices=Medium.choices)
    name = models.CharField(max_length=80)
    handbook = models.CharField(max_length=64)
    key = models.CharField(max_length=64, unique=True)
    """What the outside knows it by: the widget's public key, the mail address, the number, the account's id."""
    settings = models.JSONField(default=dict)
    """What its adapter needs; secrets are sealed by the adapter before they come here."""
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()


class Address(models.Model):
    """Somebody at the other end, as the medium names him: a visitor, an e-mail address, a number, an openid."""

    inbox_medium = models.CharField(max_length=8, choices=Medium.choices)
    value = models.CharField(max_length=190)
    """Normalised: e-mail in lower case, numbers in E.164. A visitor's is the SHA-256 of his secret."""
    name = models.CharField(max_length=80, blank=True, default="")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="addresses")
    is_verified = models.BooleanField(default=False)
    """The customer was named by a signed token or a code, not by what somebody typed."""
    language = models.CharField(max_length=8, blank=True, default="")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inbox_medium", "value"], name="conversations_address_once")]
        indexes = [
            models.Index(fields=["customer"], name="conversations_address_of"),
            models.Index(fields=["name"], opclasses=["varchar_pattern_ops"], name="conversations_address_named"),
        ]


class Conversation(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting"
        """In a queue; nobody has it."""
        OFFERED = "offered"
        """Shown to one agent who has not taken it yet."""
        OPEN = "open"
        """An agent has it."""
        CLOSED = "closed"

    LIVE = (State.WAITING, State.OFFERED, State.OPEN)

    number = models.CharField(max_length=32, unique=True)
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    medium = models.CharField(max_length=8, choices=Medium.choices)
    handbook = models.CharField(max_length=64)
    version_id = models.BigIntegerField()
    """The handbook version it was opened under, and stays under."""
    address = models.ForeignKey(
        Address, null=True, on_delete=models.PROTECT, related_name="conversations", db_index=False
    )
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.SET_NULL, related_name="conversations", db_index=False
    )
    candidates = ArrayField(models.BigIntegerField(), default=list, blank=True)
    """Customers it may be from, where the contact points match several: shown, never guessed."""
    subject = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    queue = models.CharField(max_length=40, blank=True, default="")
    priority = models.IntegerField(default=0)
    """Higher goes first among those who wait."""
    owner = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    """Who answers for it: the first who took it, until a transfer is accepted."""
    covers = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="covered", db_index=False)
    """The absent colleague its owner answers it for, until it is handed back."""
    offered_to = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="offers", db_index=False)
    offered_at = models.DateTimeField(null=True)
    offer_ends_at = models.DateTimeField(null=True)
    """When the offer goes back to the queue."""
    passed_over = ArrayField(models.BigIntegerField(), default=list, blank=True)
    """Staff who let an offer of it go by; asked again only when nobody else is left."""
    look_at = models.DateTimeField(null=True)
    """While it waits: when the router next looks at it by itself, for what its clause says of waiting; None: it has not looked yet."""
    waits_done = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    """What has been done about its waiting: `announce` (each time), `overflow`, `wait`."""
    alarmed_at = models.DateTimeField(null=True)
    """When the superiors were told that nobody can take it."""
    collaborators = ArrayField(models.BigIntegerField(), default=list, blank=True)
    audience = ArrayField(models.CharField(max_length=120), default=list)
    """Principals that may see it: the one gate for pages, lists, search and live feed."""
    facts = models.JSONField(default=dict)
    """What the pre-chat form, the widget or the mail said, as facts for the engine: `topic`, `tier`, `source`."""
    opened_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True)
    """Since when it stands in its queue."""
    asked_at = models.DateTimeField(null=True)
    """The customer's first message nobody has answered yet."""
    open_questions = ArrayField(models.IntegerField(), default=list, blank=True)
    """The seq of every message of the customer that nobody has answered yet, oldest first."""
    accepted_at = models.DateTimeField(null=True)
    """When somebody first took it: what handling times are measured from."""
    first_answered_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField()
    last_words = models.CharField(max_length=120, blank=True, default="")
    """The beginning of the last message that is not internal, for lists."""
    last_seq = models.IntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, blank=True, default="")
    outcome = models.CharField(max_length=40, blank=True, default="")
    topic = models.CharField(max_length=40, blank=True, default="")
    next_due_at = models.DateTimeField(null=True)
    case_number = models.CharField(max_length=32, blank=True, default="")
    """The case it became."""
    follows = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="followed_by", db_index=False
    )
    """The closed conversation this one goes on from."""
    version = models.IntegerField(default=1)
    is_sample = models.BooleanField(default=False)
    emptied_at = models.DateTimeField(null=True)
    """When its words were deleted, because they had been kept as long as the clause says."""
    emptied_by = models.CharField(max_length=32, blank=True, default="")
    """The clause."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inbox", "address"],
                condition=models.Q(state__in=("waiting", "offered", "open"), medium__in=("webchat", "sms", "wechat")),
                name="conversations_one_live",
            )
        ]
        indexes = [
            models.Index(fields=["-last_message_at", "-id"], name="conversations_newest"),
            models.Index(
                fields=["handbook", "queue", "-priority", "waiting_since", "id"],
                condition=models.Q(state="waiting"),
                name="conversations_waiting",
            ),
            models.Index(fields=["look_at"], condition=models.Q(state="waiting"), name="conversations_look"),
            models.Index(
                fields=["offer_ends_at"], condition=models.Q(state="offered"), name="conversations_offer_ends"
            ),
            models.Index(
                fields=["handbook", "queue", "-closed_at"],
                condition=models.Q(state="closed", accepted_at__isnull=False),
                name="conversations_handled",
            ),
            models.Index(
                fields=["owner", "-accepted_at"],
                condition=models.Q(accepted_at__isnull=False),
                name="conversations_taken",
            ),
            models.Index(
                fields=["owner", "-last_message_at"],
                condition=models.Q(state__in=("offered", "open")),
                name="conversations_in_hand",
            ),
            # handed to another queue: still its owner's until somebody takes it
            models.Index(
                fields=["owner"],
                condition=models.Q(state="waiting", owner__isnull=False),
                name="conversations_handed_on",
            ),
            GinIndex(
                fields=["collaborators"],
                condition=models.Q(state__in=("waiting", "offered", "open")),
                name="conversations_helping",
            ),
            models.Index(fields=["offered_to"], condition=models.Q(state="offered"), name="conversations_offered"),
            models.Index(
                fields=["covers"], condition=models.Q(state__in=("offered", "open")), name="conversations_covered"
            ),
            models.Index(fields=["address", "-id"], name="conversations_of_address"),
            models.Index(fields=["customer", "-opened_at"], name="conversations_of_customer"),
            GinIndex(fields=["audience"], name="conversations_audience"),
            models.Index(fields=["-closed_at", "-id"], condition=models.Q(state="closed"), name="conversations_ended"),
            models.Index(
                fields=["owner", "-closed_at", "-id"],
                condition=models.Q(state="closed"),
                name="conversations_ended_mine",
            ),
            models.Index(fields=["case_number"], condition=~models.Q(case_number=""), name="conversations_of_case"),
            models.Index(
                fields=["version_id", "closed_at", "id"],
                condition=models.Q(state="closed", emptied_at__isnull=True),
                name="conversations_kept",
            ),
        ]


class Message(models.Model):
    class Side(models.TextChoices):
        CUSTOMER = "customer"
        STAFF = "staff"
        SYSTEM = "system"

    class State(models.TextChoices):
        STORED = "stored"
        """Here; whoever is connected has it."""
        SENDING = "sending"
        SENT = "sent"
        DELIVERED = "delivered"
        FAILED = "failed"
        UNKNOWN = "unknown"
        """It may have gone out: the other side did not answer in time. Nothing sends it again by itself."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.IntegerField()
    """1, 2, 3 ... without a gap within its conversation: the order everybody sees."""
    side = models.CharField(max_length=8, choices=Side.choices)
    author = models.CharField(max_length=80)
    """A principal."""
    internal = models.BooleanField(default=False)
    """For colleagues only: never sent, never shown to the customer."""
    words = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    """Cleaned before it is stored; empty where the words are all there is."""
    key = models.CharField(max_length=80)
    """Chosen by the sender, so that a message sent twice is stored once: the browser's key, the mail's Message-ID."""
    at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.STORED)
    why = models.CharField(max_length=200, blank=True, default="")
    """The code of why it failed (failures.py)."""
    why_values = models.JSONField(default=dict)
    files = models.IntegerField(default=0)
    """Attachments of subject ("message", id)."""
    answers = models.IntegerField(null=True)
    """The seq of the message it answers: the customer's question, which alone is then answered."""
    corrects = models.IntegerField(null=True)
    """The seq of the colleague's message it puts right."""
    edited_at = models.DateTimeField(null=True)
    recalled_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict)
    """What the adapter keeps: headers, template, provider's id."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="conversations_message_order"),
            models.UniqueConstraint(fields=["conversation", "key"], name="conversations_message_once"),
        ]


class Mark(models.Model):
    """How far somebody has read."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="marks", db_index=False)
    principal = models.CharField(max_length=80)
    seq = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "principal"], name="conversations_mark_once")]


class CannedReply(models.Model):
    """Words that are written often, with fields that are filled in: one's own, or everybody's of a handbook."""

    handbook = models.CharField(max_length=64)
    owner = models.ForeignKey(Staff, null=True, on_delete=models.CASCADE, related_name="canned_replies", db_index=False)
    """Nobody: shared by all who work under the handbook."""
    title = models.CharField(max_length=60)
    shortcut = models.CharField(max_length=20, blank=True, default="")
    """What is typed after `/`."""
    words = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["handbook", "owner", "title"], name="conversations_replies")]


class Choice(models.Model):
    """What the router decided, and why; nothing of it is ever changed."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="choices", db_index=False)
    at = models.DateTimeField()
    clause = models.CharField(max_length=32)
    strategy = models.CharField(max_length=16)
    queue = models.CharField(max_length=40, blank=True, default="")
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, db_index=False)
    """Nobody, when nobody was free."""
    because = models.JSONField(default=list)
    """[{"staff": "staff:5" or the name of a seat, "free": false, "why": {"zh": ..., "en": ...}, "rank": 2}], in the order looked at."""

    class Meta:
        indexes = [models.Index(fields=["conversation", "id"], name="conversations_choices")]


class Turn(models.Model):
    """Where a rotation stands: the pointer moves only when somebody is really chosen."""

    handbook = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    last = models.CharField(max_length=80, blank=True, default="")
    """The candidate chosen last."""
    moved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handbook", "name"], name="conversations_turn_once")]


class Presence(models.Model):
    """What somebody is doing now. `off` when nothing has been heard from his browser or phone for a while."""

    class State(models.TextChoices):
        READY = "ready"
        BUSY = "busy"
        NOT_READY = "not_ready"
        """整理: with a reason and a limit."""
        WRAP_UP = "wrap_up"
        AWAY = "away"
        OFF = "off"

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, related_name="presence")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFF)
    reason = models.CharField(max_length=40, blank=True, default="")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    """When the limit of this state ends."""
    heard_at = models.DateTimeField()
    """The last sign of life of his session."""
    media = ArrayField(models.CharField(max_length=8), default=list)
    """In which media he takes work now."""
    handbook = models.CharField(max_length=64, blank=True, default="")
    idle_since = models.DateTimeField(null=True)
    """Since when he has had nothing, for `longest_idle`."""
    in_hand = models.JSONField(default=dict)
    """{"webchat": 2}: how many of each medium he has, as the conversations say; kept by `hands.py`."""
    seat = models.CharField(max_length=20, blank=True, default="")
    """The place he sits at, where a queue goes by seats."""
    missed = models.SmallIntegerField(default=0)
    """Offers in a row he let go by."""
    shift_ends_at = models.DateTimeField(null=True)
    """When the shift ends he is on, where shifts are planned for him."""
    wants = models.CharField(max_length=10, blank=True, default="")
    """The state he waits to enter, where a gate keeps a waiting list (`otherwise: wait`); "" for who waits for nothing."""
    wants_reason = models.CharField(max_length=40, blank=True, default="")
    wants_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["wants_since"], condition=~models.Q(wants=""), name="conversations_wants"),
            models.Index(fields=["heard_at"], condition=~models.Q(state="off"), name="conversations_heard"),
            models.Index(fields=["until"], condition=models.Q(until__isnull=False), name="conversations_until"),
        ]


class Aptitude(models.Model):
    """What somebody can do, as route clauses ask for it."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="aptitudes", db_index=False)
    handbook = models.CharField(max_length=64)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    """Sorted, each once."""
    area = models.CharField(max_length=12, blank=True, default="")
    """The code of the area he serves: 440305."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "handbook"], name="conversations_aptitude_once")]


class PresencePeriod(models.Model):
    """A state somebody was in, for reports: from, to, why."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="presence_periods", db_index=False)
    state = models.CharField(max_length=10, choices=Presence.State.choices)
    reason = models.CharField(max_length=40, blank=True, default="")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["staff", "-began_at"], name="conversations_presence_log")]


class Survey(models.Model):
    """One question of satisfaction after one conversation, asked once."""

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="survey")
    token = models.CharField(max_length=43, unique=True)
    asked_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    score = models.IntegerField(null=True)
    comment = models.TextField(blank=True, default="")


class PageView(models.Model):
    """Where a visitor was on the site, before and while he wrote; kept for as long as the handbook says."""

    address = models.ForeignKey(Address, on_delete=models.CASCADE, related_name="page_views", db_index=False)
    url = models.CharField(max_length=500)
    title = models.CharField(max_length=200, blank=True, default="")
    referrer = models.CharField(max_length=500, blank=True, default="")
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["address", "-entered_at"], name="conversations_trail"),
            models.Index(fields=["entered_at"], name="conversations_trail_age"),
        ]
