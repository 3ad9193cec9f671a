"""Django's entry for the room."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "zhike.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.cases import (  # noqa: F401  registered by being imported
            about_staff,
            access,
            closing,
            events,
            followers,
            leaving,
            looks,
            merged,
            moved,
            opening,
            reactions,
        )
