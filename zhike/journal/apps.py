"""Django's entry for the room."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "zhike.journal"
    label = "journal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import zhike.journal.redactions  # noqa: F401 - declares its event
