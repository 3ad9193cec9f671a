"""Django's entry for the room."""

from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "zhike.org"
    label = "org"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.org import events, reactions, second_factor, substitution, tree  # noqa: F401  registered by being imported
