"""Django's entry for the room."""

from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "zhike.duties"
    label = "duties"
    default_auto_field = "django.db.models.BigAutoField"
