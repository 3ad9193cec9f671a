"""Django's entry for the room."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "zhike.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.notices import events, leaving  # noqa: F401 - declares the room's events and reactions
