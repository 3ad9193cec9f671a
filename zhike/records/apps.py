"""Django's entry for the room."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "zhike.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.records import events  # noqa: F401  registered by being imported
