"""Django's entry for the room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "zhike.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        import zhike.web.audit.events
        import zhike.web.backup.events
        import zhike.web.figures.events  # noqa: F401 - they declare their events
        from zhike.web.api import leaving  # noqa: F401 - declares what people hold of it
        from zhike.web.base.catalogues import keep_language_at_hand, remember_translations

        remember_translations()
        keep_language_at_hand()
        if settings.SANDBOX:
            from zhike.web.sandbox import virtual

            virtual.install()
