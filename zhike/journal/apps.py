"""Django's entry for the room."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "zhike.journal"
    label = "journal"
    default_auto_field = "django.db.models.BigAutoField"
