"""A first archive: people and how they are reached."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Reverse, Upper


class Customer(models.Model):
    name = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField()
    is_sample = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="customers_name_prefix")]


class ContactPoint(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=10, choices=[("phone", "phone"), ("email", "email")])
    value = models.CharField(max_length=120)
    """Normalised: phone numbers in E.164, e-mail in lower case."""
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="customers_contact_once")]
        indexes = [
            models.Index(fields=["value"], opclasses=["varchar_pattern_ops"], name="customers_contact_begins"),
            models.Index(OpClass(Reverse("value"), name="text_pattern_ops"), name="customers_contact_ends"),
        ]
