"""Jobs of the room, by medium: procrastinate looks for them here."""

from __future__ import annotations

from zhike.channels.sms import tasks as sms_tasks
from zhike.channels.webchat import tasks as webchat_tasks
from zhike.channels.wechat import tasks as wechat_tasks

__all__ = ["sms_tasks", "webchat_tasks", "wechat_tasks"]
