"""Django's entry for the room."""

from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "zhike.clocks"
    label = "clocks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.clocks import events, leaving, reactions  # noqa: F401 - the room's events, what people hold, what it reacts to
