"""Django's entry for the room."""

from django.apps import AppConfig


class KeepingConfig(AppConfig):
    name = "zhike.keeping"
    label = "keeping"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.keeping import events  # noqa: F401 - registered by being imported
