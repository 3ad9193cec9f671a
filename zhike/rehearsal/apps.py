"""Django's entry for the room."""

from django.apps import AppConfig


class RehearsalConfig(AppConfig):
    name = "zhike.rehearsal"
    label = "rehearsal"
    default_auto_field = "django.db.models.BigAutoField"
