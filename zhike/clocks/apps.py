"""Django's entry for the room."""

from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "zhike.clocks"
    label = "clocks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.clocks import events, leaving  # noqa: F401 - declares the room's events and what people hold of it
