"""Work orders."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Greatest, Least

from zhike.customers.models import Customer
from zhike.org.models import Department, HandbookVersion, Staff


class Case(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    number = models.CharField(max_length=32, unique=True)
    handbook_version = models.ForeignKey(HandbookVersion, on_delete=models.PROTECT, db_index=False)
    handbook = models.CharField(max_length=64)
    process = models.CharField(max_length=40)
    stage = models.CharField(max_length=40)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.OPEN)
    title = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, db_index=False)
    department = models.ForeignKey(
        Department, null=True, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    """The responsible department."""
    owner = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="cases")
    owner_role = models.CharField(max_length=40, blank=True, default="")
    """The role in which the owner took the case; limits of that role are his own."""
    holders = ArrayField(models.CharField(max_length=120), default=list)
    """Principals whose turn it is."""
    given_to = ArrayField(models.CharField(max_length=40), default=list)
    """Roles whose turn a clause made it, in place of those the stage names, until the stage changes; empty: the stage's own."""
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    round = models.IntegerField(default=1)
    data = models.JSONField(default=dict)
    """{record id: latest filling}; the facts of the engine are read from here."""
    tally = models.JSONField(default=dict)
    """{action id: how often it was taken}."""
    audience = ArrayField(models.CharField(max_length=120), default=list)
    """Principals that may see the case: the one gate for pages, lists, search and live feed."""
    portal_token = models.CharField(max_length=43, blank=True, default="")
    """Lets the customer who filed it follow it; empty where no customer may."""
    source = models.CharField(max_length=16, default="desk")
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)
    """The soonest due time of its open clocks; kept by reactions of this room."""
    version = models.IntegerField(default=1)
    """Counts writes; a page that saves over a newer one is refused."""
    is_sample = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="absorbed", db_index=False
    )
    """The case that leads since this one turned out to be its duplicate; nothing is done here any more."""
    own_title = models.BooleanField(default=False)
    """A person gave the title; forms filled later leave it alone."""
    emptied_at = models.DateTimeField(null=True)
    """When its contents were deleted, because they had been kept as long as the clause says; nothing is done here any more."""
    emptied_by = models.CharField(max_length=32, blank=True, default="")
    """The clause."""

    class Meta:
        # None holds next_due_at: it changes with every clock, and a change no index knows of stays within its page.
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="cases_newest"),
            models.Index(fields=["status", "-opened_at", "-id"], name="cases_status"),
            models.Index(fields=["process", "stage", "-opened_at", "-id"], name="cases_stage"),
            models.Index(fields=["department", "-opened_at", "-id"], name="cases_department"),
            models.Index(fields=["customer", "-opened_at"], name="cases_customer"),
            GinIndex(fields=["holders"], condition=models.Q(status="open"), name="cases_holders"),
            GinIndex(fields=["audience"], name="cases_audience"),
            models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="cases_merged_into"
            ),
            models.Index(
                fields=["handbook_version", "closed_at", "id"],
                condition=models.Q(status="closed", emptied_at__isnull=True),
                name="cases_kept",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Note(models.Model):
    """An internal note, or a message to or from the customer."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    author = models.CharField(max_length=80)
    internal = models.BooleanField(default=True)
    words = models.TextField()


class Submission(models.Model):
    """The key of one press of a button: the same press sent twice is done once and gets the same answer."""

    key = models.CharField(max_length=80, primary_key=True)
    at = models.DateTimeField()
    case_id = models.BigIntegerField(null=True)
    answer = models.JSONField(default=dict)


class Link(models.Model):
    """Two cases belong together; one link a pair, told on both their pages."""

    class Kind(models.TextChoices):
        RELATED = "related"
        DUPLICATE = "duplicate"
        """`case` says the same as `other`."""
        CAUSED_BY = "caused_by"
        """`other` is why `case` came about."""
        SPLIT_FROM = "split_from"
        """`case` was split off from `other`; made by splitting alone."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links_from")
    other = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links_to")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(Least("case", "other"), Greatest("case", "other"), name="cases_one_link_a_pair"),
            models.CheckConstraint(condition=~models.Q(case=models.F("other")), name="cases_link_to_another"),
        ]


class Merge(models.Model):
    """A duplicate was put under the case that leads; kept with what it was before, for as long as it can be undone."""

    dropped = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="merges")
    leading = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="merges_led")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    before = models.JSONField()
    """An image of the dropped case; see cases/images.py."""
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dropped"], condition=models.Q(undone_at__isnull=True), name="cases_merged_once"
            )
        ]


class Follow(models.Model):
    """Somebody wants to hear what happens to a case; he does for as long as he may see it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="follows", db_index=False)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="follows")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "staff"], name="cases_follow_once")]


class Hold(models.Model):
    """Somebody said that a case is not to be deleted, and why; until somebody ends it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="holds", db_index=False)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    why = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=models.Q(ended_at__isnull=True), name="cases_held_once")
        ]
        indexes = [models.Index(fields=["case", "-id"], name="cases_holds")]


class LastDeed(models.Model):
    """How a case stood before the last action on it: what undoing it goes back to. One row a case."""

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.CASCADE, related_name="last_deed")
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=40)
    version = models.IntegerField()
    """Of the case before the action."""
    before = models.JSONField()


class AskedDeed(models.Model):
    """An action somebody asks for because a clause wants others to agree first: what he filled in, who agreed, what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        SUPERSEDED = "superseded"
        """The case changed: what they were to agree to is no longer what it was."""
        REFUSED = "refused"
        """Everybody agreed, but the gates no longer held."""
        EXPIRED = "expired"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="asked_deeds")
    action = models.CharField(max_length=40)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="asked_deeds", db_index=False)
    in_place_of = models.CharField(max_length=80, blank=True, default="")
    at = models.DateTimeField()
    values = models.JSONField(default=dict)
    """The form as it was sent; it is read again when the action is carried out."""
    shown = models.JSONField(default=dict)
    """The same as it was read, for those who are to agree."""
    attachments = ArrayField(models.CharField(max_length=64), default=list)
    consents = models.JSONField()
    """`consents.Consent.kept()` of each clause that wants consent."""
    approvals = models.JSONField(default=list)
    """[{"handbook", "role", "by", "at", "decision", "words"}], in the order they were given."""
    turn = ArrayField(models.CharField(max_length=120), default=list)
    """Principals whose turn it is to agree; empty once it is over."""
    seen = models.CharField(max_length=64)
    """The case as it stood, in short (`asked_deeds.print_of`)."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    waits_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    why = models.JSONField(default=dict)
    """{"zh", "en"}: why it came to nothing."""
    key = models.CharField(max_length=80, unique=True, null=True)
    """Of the press of the button: the same press asks once."""

    class Meta:
        indexes = [
            models.Index(fields=["staff", "-id"], name="cases_asked_mine"),
            GinIndex(fields=["turn"], condition=models.Q(state="waiting"), name="cases_asked_turn"),
            models.Index(fields=["waits_until"], condition=models.Q(state="waiting"), name="cases_asked_until"),
        ]


class Consequence(models.Model):
    """What a confirmed sanction lays on somebody for a time: a week of standing by. One row for each person and thing."""

    class State(models.TextChoices):
        DUE = "due"
        """Confirmed; begins with an event of its case."""
        RUNNING = "running"
        AWAITED = "awaited"
        """Its time is over, what the clause waits for is not the case yet."""
        ENDED = "ended"

    LIVE = (State.RUNNING, State.AWAITED)

    class Why(models.TextChoices):
        TIME = "time"
        PASSED = "passed"
        REVOKED = "revoked"
        CLOSED = "closed"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="consequences")
    clause = models.CharField(max_length=32)
    draft = models.BigIntegerField()
    """The fact that drafted the sanction."""
    person = models.CharField(max_length=120)
    """A principal; "" where the draft names nobody."""
    what = models.CharField(max_length=40)
    terms = models.JSONField()
    """`handbook.sanctions.Lasting.kept()`, as the draft said it."""
    state = models.CharField(max_length=7, choices=State.choices)
    began_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    """When its time is over; None where it only waits for something."""
    look_at = models.DateTimeField(null=True)
    """When the worker looks at it next; None when no moment does anything to it."""
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=7, choices=Why.choices, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "person", "what"], name="cases_consequence_once"),
        ]
        indexes = [
            models.Index(fields=["look_at"], condition=models.Q(look_at__isnull=False), name="cases_consequence_look"),
            models.Index(fields=["person"], condition=~models.Q(state="ended"), name="cases_consequence_person"),
        ]


class Freeze(models.Model):
    """A clause of this case froze something (`freeze`): a number that stands on its form, its customer. Gates with that `scope` refuse
    wherever it is at stake, until it is released."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="freezes")
    handbook = models.CharField(max_length=64)
    thing = models.CharField(max_length=40)
    """`customer`, or the field of a form that says which one it is."""
    key = models.CharField(max_length=64, blank=True, default="")
    """Which one it is, as a digest (`freezing.key_of`); "" for the customer, who is the case's, and once released."""
    clause = models.CharField(max_length=32, blank=True, default="")
    """"" where an action froze it by itself."""
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "thing"], condition=models.Q(ended_at__isnull=True), name="cases_frozen_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["handbook", "thing", "key"],
                condition=models.Q(ended_at__isnull=True),
                name="cases_frozen_thing",
            )
        ]


class SavedView(models.Model):
    """A question to the list of cases, kept under a name: its owner's own, or shared with those who hold a role or work in a department."""

    owner = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="saved_views")
    name = models.CharField(max_length=40)
    asked = models.JSONField(default=dict)
    """`listing.Asked.kept()`; what is no longer a value of the handbook is left out when it is read."""
    shared_with = ArrayField(models.CharField(max_length=120), default=list)
    """Principals of roles, and `department:<id>` for everybody assigned there."""
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    """A deleted view can be restored for a while (`saved_views.KEPT`)."""

    class Meta:
        indexes = [GinIndex(fields=["shared_with"], name="cases_view_shared")]


class ViewPin(models.Model):
    """A view somebody keeps at hand, in the order of his pins."""

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="pins")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "view"], name="cases_pin_once")]


class DefaultView(models.Model):
    """The view with which whoever holds a role begins."""

    principal = models.CharField(max_length=120, unique=True)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="defaults")


class PeriodClosing(models.Model):
    """A figure of which something follows when its period is over, and the period that is waited for."""

    handbook = models.CharField(max_length=64)
    clause = models.CharField(max_length=32)
    every = models.CharField(max_length=16)
    """A period of the clause: `month`."""
    begins = models.DateTimeField()
    """When the period that is waited for begins."""
    next_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handbook", "clause", "every"], name="cases_closing_once")]
        indexes = [models.Index(fields=["next_at"], name="cases_closing_next")]


class CaseExport(models.Model):
    """One taking out of cases: who asked for what, who agreed, how far the file is. The request never changes; only its state does."""

    class State(models.TextChoices):
        WAITING = "waiting"
        """For those whose consent a clause asks."""
        QUEUED = "queued"
        RUNNING = "running"
        READY = "ready"
        REJECTED = "rejected"
        FAILED = "failed"
        GONE = "gone"
        """The file's time is over, or whoever asked may no longer have it."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="case_exports")
    at = models.DateTimeField()
    asked = models.JSONField()
    """`listing.Asked.kept()`"""
    format = models.CharField(max_length=4)
    language = models.CharField(max_length=10)
    purpose = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices)
    clauses = ArrayField(models.CharField(max_length=32), default=list)
    """Clauses that spoke of it."""
    consents = models.JSONField(default=list)
    """[{"handbook", "clause", "links": [[role, ...], ...], "parallel"}]: whose consent clauses ask."""
    approvals = models.JSONField(default=list)
    """[{"handbook", "role", "by", "at", "decision", "words"}], in the order they were given."""
    waits_until = models.DateTimeField(null=True)
    """Until when it waits for consent, as the handbooks said when it was asked for; None where none was needed."""
    keys = ArrayField(models.CharField(max_length=120), default=list)
    """What the viewer answered to when the rows were read: who loses one of these loses the file."""
    total = models.IntegerField(null=True)
    written = models.IntegerField(default=0)
    mark = models.CharField(max_length=20, unique=True)
    """Stands in the file's watermark and in the journal."""
    expires_at = models.DateTimeField(null=True)
    why = models.JSONField(default=dict)
    """{"zh", "en"}: why it failed or was rejected."""

    class Meta:
        indexes = [
            models.Index(fields=["staff", "-id"], name="cases_export_mine"),
            models.Index(fields=["-id"], condition=models.Q(state="waiting"), name="cases_export_waiting"),
            models.Index(fields=["expires_at"], condition=models.Q(state="ready"), name="cases_export_ready"),
        ]
