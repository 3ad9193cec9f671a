"""Django's entry for the room."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "zhike.channels"
    label = "channels"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhike.channels import asking, events  # noqa: F401 - events are registered when imported
        from zhike.channels.sms import accounts, conversing  # noqa: F401 - so are sealed tables, reactions and checks
        from zhike.channels.webchat import reactions  # noqa: F401
        from zhike.channels.wechat import accounts as wechat_accounts  # noqa: F401
        from zhike.channels.wechat import reading, sending  # noqa: F401
