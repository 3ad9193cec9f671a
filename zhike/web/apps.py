"""Django's entry for the room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "zhike.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        if settings.SANDBOX:
            from zhike.web.sandbox import virtual

            virtual.install()
