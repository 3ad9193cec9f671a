"""Django's entry for the room."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "zhike.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.webhooks import events, sealed  # noqa: F401  registered by being imported
