"""Staff, departments, assignments and installed handbook versions."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
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
        constraints = [models.UniqueConstraint(fields=["name", "digest"], name="org_handbook_once")]
        indexes = [models.Index(fields=["name", "-effective_from"], name="org_handbook_effective")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


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
