"""Django's entry for the room."""

from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "zhike.duties"
    label = "duties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.duties import consequences, events, leaving, members, reactions  # noqa: F401 - declares the room's events and reactions
