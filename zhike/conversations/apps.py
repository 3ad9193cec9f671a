"""Django's entry for the room."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "zhike.conversations"
    label = "conversations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.conversations import (  # noqa: F401 - events, reactions and what people hold are registered when imported
            attempts,
            draining,
            endings,
            events,
            leaving,
            reactions,
        )
