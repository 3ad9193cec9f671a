"""Django's entry for the room."""

from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "zhike.org"
    label = "org"
    default_auto_field = "django.db.models.BigAutoField"
