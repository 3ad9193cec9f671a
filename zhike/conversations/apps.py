"""Django's entry for the room."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "zhike.conversations"
    label = "conversations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.conversations import draining, endings, events, reactions  # noqa: F401 - events and reactions are registered when imported
