"""Staff, departments, assignments and installed handbook versions; how staff sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now


class HandbookVersion(models.Model):
    """One installed version of a handbook. Never changed after installation: open cases keep theirs."""

    name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    effective_from = models.DateTimeField()
    source = models.JSONField()
    """The checked handbook, as `Handbook.model_dump(mode="json", by_alias=True)`."""
    text = models.TextField()
    """handbook.md of this version."""
    parameters = models.JSONField(default=dict)
    """Overrides of `[derived]` values in force with this version."""
    digest = models.CharField(max_length=64)
    installed_at = models.DateTimeField(db_default=Now())

    class Meta:
        # The same content may come into force again later: what is taken back is a version of its own.
        constraints = [models.UniqueConstraint(fields=["name", "effective_from", "digest"], name="org_handbook_once")]
        indexes = [
            models.Index(fields=["name", "-effective_from"], name="org_handbook_effective"),
            models.Index(fields=["name", "digest"], name="org_handbook_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class HolidayTableYear(models.Model):
    """One year of a region's days off as entered here; the latest row of a region and year counts. Never changed."""

    region = models.CharField(max_length=16)
    year = models.IntegerField()
    data = models.JSONField()
    """handbook.holidays.HolidayYear, as `model_dump(mode="json", by_alias=True)`."""
    why = models.CharField(max_length=200, blank=True, default="")
    entered_by = models.ForeignKey("Staff", on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["region", "year", "-id"], name="org_holidays")]

    def __str__(self) -> str:
        return f"{self.region} {self.year}"


class Department(models.Model):
    """A department of the company: a store, a division, the hotline centre."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    """The kind of department, as the handbook declares it."""
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = ArrayField(models.BigIntegerField(), default=list)
    """Ids from the root down to this department itself."""
    kinds = ArrayField(models.CharField(max_length=40), default=list)
    """The kinds of those departments, in the same order; kept with `path` by org.actions."""
    calendar = models.CharField(max_length=40, blank=True, default="")
    head = models.ForeignKey("Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="heads")
    """Who answers for it: plans its shifts, decides leave and swaps."""
    is_active = models.BooleanField(default=True)
    is_sample = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class StaffManager(BaseUserManager["Staff"]):
    def get_by_natural_key(self, username: str | None) -> Staff:
        return self.get(username=username)


class Staff(AbstractBaseUser):
    """A person who works here."""

    username = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    phone = models.CharField(max_length=20, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    is_active = models.BooleanField(default=True)
    left_at = models.DateTimeField(null=True)
    """When he left; empty for who is at work, and for who is only disabled for a while."""
    is_admin = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = StaffManager()
    USERNAME_FIELD = "username"

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """This person holds that role of that handbook, in this department or company-wide."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="assignments")
    handbook = models.CharField(max_length=64)
    role = models.CharField(max_length=40)
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.CASCADE, related_name="assignments"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "handbook", "role", "department"], nulls_distinct=False, name="org_assignment_once"
            )
        ]
        indexes = [models.Index(fields=["handbook", "role", "department"], name="org_assignment_role")]


class SignInRules(models.Model):
    """What this installation asks of passwords and second factors: one row, made with the table."""

    class Required(models.TextChoices):
        NOBODY = "nobody"
        ADMINISTRATORS = "administrators"
        ROLES = "roles"
        EVERYBODY = "everybody"

    id = models.SmallIntegerField(primary_key=True, default=1)
    password_length = models.SmallIntegerField(default=10)
    """Characters a new password has at least."""
    link_hours = models.SmallIntegerField(default=72)
    """Hours in which a link sets a password."""
    second_factor = models.CharField(max_length=16, choices=Required.choices, default=Required.NOBODY)
    """Who has to sign in with a second factor. ROLES: administrators, and whoever holds one of `roles`."""
    roles = ArrayField(models.CharField(max_length=105), default=list, blank=True)
    """"handbook:role"."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="org_one_sign_in_rules")]


class PasswordLink(models.Model):
    """A link with which somebody sets his password, once and until it expires. At most one a person is open."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="password_links")
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the secret; the link itself is shown once and kept nowhere."""
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff"], condition=models.Q(used_at=None, revoked_at=None), name="org_one_open_link"
            )
        ]


class SecondFactor(models.Model):
    """The secret that somebody's telephone computes codes from, sealed (org.keys)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="second_factors")
    key_id = models.CharField(max_length=16)
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    """None while it is being set up: nobody is asked for its codes yet."""
    last_step = models.BigIntegerField(default=0)
    """The half minute of the last code that was taken: it and what was before it are refused."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff"], condition=models.Q(confirmed_at__isnull=False), name="org_one_second_factor"
            ),
            models.UniqueConstraint(fields=["staff"], condition=models.Q(confirmed_at=None), name="org_one_set_up"),
        ]
        indexes = [models.Index(fields=["key_id", "id"], name="org_second_factor_key")]


class RecoveryCode(models.Model):
    """Takes the place of a code from the telephone, once."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="recovery_codes")
    begins = models.CharField(max_length=3)
    """Its first characters, to find it by without trying every hash."""
    password = models.CharField(max_length=128)
    """The rest, hashed like a password."""
    used_at = models.DateTimeField(null=True)


class Session(AbstractBaseSession):
    """A browser's session. One of a member of staff says where and since when; he and administrators may end it."""

    staff = models.ForeignKey(Staff, null=True, on_delete=models.CASCADE, related_name="sessions")
    address = models.CharField(max_length=45, blank=True, default="")
    device = models.CharField(max_length=200, blank=True, default="")
    """What the browser calls itself."""
    since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    """To the minute."""
    second_factor = models.BooleanField(default=False)
    """Signed in with a second factor."""

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from zhike.org.sessions import SessionStore

        return SessionStore


class Substitution(models.Model):
    """While somebody is away a colleague acts in his place, with the colleague's own rights and no others."""

    absent = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="absences")
    substitute = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="stands_in")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """It ends by itself then, or earlier where somebody ended it: the moment is moved forward."""
    why = models.CharField(max_length=200, blank=True, default="")
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(begins_at__lte=models.F("ends_at")), name="org_substitution_forward"
            ),
            models.CheckConstraint(
                condition=~models.Q(absent=models.F("substitute")), name="org_substitution_of_another"
            ),
            # One person at a time stands in for somebody; a period that was ended before it began is empty and meets none.
            ExclusionConstraint(
                name="org_substitution_one_at_a_time",
                expressions=[
                    (
                        models.Func("absent", "absent", models.Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (models.Func("begins_at", "ends_at", function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["substitute", "ends_at"], name="org_substitution_by")]


class ShiftType(models.Model):
    """A kind of shift: its name, the mark it has in a month's table, and when it is worked."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    mark = models.CharField(max_length=2)
    windows = ArrayField(models.CharField(max_length=11))
    """As the calendars write them: "09:00-12:00", "22:00-06:00" past midnight. They belong to the day they begin on."""
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class ShiftPattern(models.Model):
    """The weeks somebody works by turns, from a day on. At most one holds on a day."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="shift_patterns", db_index=False)
    since = models.DateField()
    until = models.DateField(null=True)
    """Its last day; none: until another begins."""
    shifts = ArrayField(models.BigIntegerField(null=True))
    """Ids of shift types, Monday to Sunday, one week after the other; null is a day off. The first week is the one of `since`."""

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="org_pattern_one_a_day",
                expressions=[
                    (models.Func("staff", "staff", models.Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (models.Func("since", "until", models.Value("[]"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            )
        ]
        indexes = [models.Index(fields=["staff", "since"], name="org_pattern_staff")]


class ShiftDay(models.Model):
    """One day that differs from the pattern, or has none: another shift, or a day off."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="shift_days", db_index=False)
    day = models.DateField()
    shift = models.ForeignKey(ShiftType, null=True, on_delete=models.PROTECT)
    """None: off."""
    why = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "day"], name="org_shift_day_once")]
        indexes = [models.Index(fields=["day"], name="org_shift_day")]


class ShiftRequest(models.Model):
    """Somebody asks for leave, or to change shifts with a colleague for a day."""

    class Kind(models.TextChoices):
        LEAVE = "leave"
        SWAP = "swap"

    class State(models.TextChoices):
        ASKED = "asked"
        """A swap waits for the colleague, leave for whoever decides."""
        AGREED = "agreed"
        """The colleague agreed; whoever decides has not."""
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    PENDING = (State.ASKED, State.AGREED)

    kind = models.CharField(max_length=5, choices=Kind.choices)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="shift_requests", db_index=False)
    other = models.ForeignKey(Staff, null=True, on_delete=models.CASCADE, related_name="+")
    """With whom, of a swap."""
    day = models.DateField(null=True)
    """Of a swap: both work what the other would have worked on that day,"""
    other_day = models.DateField(null=True)
    """and on this one, where the shift is given back on another day."""
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    """Of leave."""
    why = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="org_request_whole",
                condition=models.Q(kind="leave", begins_at__lt=models.F("ends_at"), other=None, day=None)
                | models.Q(kind="swap", day__isnull=False, other__isnull=False, begins_at=None, ends_at=None),
            )
        ]
        indexes = [
            models.Index(fields=["staff", "-asked_at"], name="org_request_staff"),
            models.Index(
                fields=["asked_at"], condition=models.Q(state__in=["asked", "agreed"]), name="org_request_open"
            ),
            models.Index(
                fields=["staff", "ends_at"],
                condition=models.Q(kind="leave", state="approved"),
                name="org_request_leave",
            ),
        ]
