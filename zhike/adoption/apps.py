"""Django's entry for the room."""

from django.apps import AppConfig


class AdoptionConfig(AppConfig):
    name = "zhike.adoption"
    label = "adoption"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.adoption import events, tasks  # noqa: F401 - declares the room's events and jobs
