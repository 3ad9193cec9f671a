"""Django's entry for the mail adapter."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "zhike.channels.email"
    label = "mail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.channels.email import events, reactions, sealed  # noqa: F401 - registered by being imported
