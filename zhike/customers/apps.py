"""Django's entry for the room."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "zhike.customers"
    label = "customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.customers import events, identifiers, populations, references  # noqa: F401  registered by being imported
