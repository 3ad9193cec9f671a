"""Answers in WeChat: within 48 hours of the customer's last words, in order, never twice.

The platform's rule: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html (official accounts),
https://developer.work.weixin.qq.com/document/path/94677 (WeCom: 48 hours and five messages). The gate says so before anything is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from zhike.channels.wechat.client import BUSY, Answer, Client
from zhike.channels.wechat.models import WechatAccount
from zhike.conversations.events import MessageWritten
from zhike.conversations.failures import reason, worded
from zhike.conversations.models import Conversation, Message
from zhike.conversations.outgoing import Draft, checks, mark_delivery
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import locked
from zhike.handbook.common import Text
from zhike.journal.events import Recorded
from zhike.journal.outbox import defer
from zhike.journal.reactions import reacts_to
from zhike.lib import clock
from zhike.lib.content import is_picture
from zhike.records.attachments import place_of
from zhike.records.models import Attachment

ALLOWED = dt.timedelta(hours=48)
MOST_RUNNING = 5
"""WeCom: messages after the customer's last one."""
MOST_BYTES = 2048
MOST = 4
WAITS = (10, 60, 300)
"""Seconds before another try of one that WeChat surely did not take."""
SWITCHED_OFF = Text(zh="微信账号已停用，请联系管理员。", en="The WeChat account is switched off; ask an administrator.")
TOO_LATE = Text(
    zh="微信只允许在客户最后一次说话后 48 小时内回复，现已超过。请等客户再发消息，或改用电话、短信联系。",
    en="WeChat allows answers within 48 hours of the customer's last words only. Wait until they write, or phone or text them.",
)
TOO_MANY = Text(
    zh="企业微信规定客户再说话之前最多发 5 条，已发满。请等客户再发消息。",
    en="WeCom allows five messages until the customer writes again; all five are used.",
)
TOO_LONG = Text(
    zh="微信一条消息最多 2048 字节（约 680 个汉字），请分几条发送。",
    en="A WeChat message has at most 2048 bytes (about 680 Chinese characters); send it in parts.",
)
PICTURES_ONLY = Text(
    zh="公众号只能发图片，不能发其他文件。请改发链接。",
    en="An Official Account sends pictures only; send a link instead.",
)
ERRORS = {
    45015: reason(
        "wechat.45015", zh="微信不允许再回复：客户超过 48 小时没有说话，或已取消关注",
        en="WeChat allows no answer: the customer has been silent for more than 48 hours, or unfollowed.",
    ),
    45047: reason(
        "wechat.45047", zh="微信限制了条数：客户再说话之前不能再发",
        en="WeChat limits the number: nothing more until the customer writes again.",
    ),
    40003: reason("wechat.40003", zh="微信不认识这个客户", en="WeChat does not know this customer."),
    48001: reason(
        "wechat.48001", zh="公众号没有客服消息的权限，请在公众平台开通",
        en="The Official Account may not send service messages; have that switched on at the platform.",
    ),
    50002: reason("wechat.50002", zh="客户已被限制", en="The customer is restricted."),
}  # fmt: skip
REFUSED = reason("wechat.refused", zh="微信没有接受：{code} {words}", en="WeChat did not accept it: {code} {words}")
PARTLY = reason("wechat.partly", zh="部分已发出；{why}", en="A part went out; {why}")
NO_ANSWER = reason(
    "wechat.no_answer",
    zh="微信没有回应，可能已发出；系统不会自动重发",
    en="WeChat did not answer; it may have gone out, and is not sent again by itself.",
)


@checks("wechat")
def check_answer(conversation: Conversation, draft: Draft, now: dt.datetime) -> None:
    """Raises ConversationRefused."""
    account = WechatAccount.objects.filter(inbox=conversation.inbox_id, is_active=True).first()
    if account is None:
        raise ConversationRefused(SWITCHED_OFF)
    if len(draft.words.encode()) > MOST_BYTES:
        raise ConversationRefused(TOO_LONG, fields=("words",))
    heard = _last_heard(conversation)
    if heard is None or now - heard.at > ALLOWED:
        raise ConversationRefused(TOO_LATE)
    if account.kind == WechatAccount.Kind.WECOM:
        since = Message.objects.filter(
            conversation__address=conversation.address_id, internal=False, at__gt=heard.at
        ).exclude(side=Message.Side.CUSTOMER)
        if since.exclude(state=Message.State.FAILED).count() + max(1, len(draft.files)) > MOST_RUNNING:
            raise ConversationRefused(TOO_MANY)
    elif draft.files:
        kinds = Attachment.objects.filter(token__in=draft.files).values_list("media_type", flat=True)
        if not all(is_picture(kind) for kind in kinds):
            raise ConversationRefused(PICTURES_ONLY, fields=("files",))


def _last_heard(conversation: Conversation) -> Message | None:
    said = Message.objects.filter(conversation__address=conversation.address_id, side=Message.Side.CUSTOMER)
    return said.order_by("-at", "-id").first()


@reacts_to(MessageWritten)
def send_answers(events: Sequence[Recorded[MessageWritten]]) -> None:
    """What a colleague or the house said in a WeChat conversation is sent; one conversation's messages one after the other."""
    from zhike.channels.wechat.tasks import send_message

    ids = [event.payload.message for event in events if event.payload.side != "customer" and not event.payload.internal]
    rows = Message.objects.filter(pk__in=ids, conversation__medium="wechat", state=Message.State.SENDING) if ids else []
    for message in rows:
        if "claimed" in message.extra:  # a person sends it once more
            message.extra = {name: value for name, value in message.extra.items() if name not in ("claimed", "tries")}
            message.extra["round"] = int(message.extra.get("round", 0)) + 1
            message.save(update_fields=["extra"])
        defer(send_message, lock=f"wechat-talk:{message.conversation_id}", message=message.pk)


def deliver(message_id: int, now: dt.datetime) -> Message | None:
    """Send one; None when there is nothing to send. What may have gone out is never sent again by itself."""
    message = _claim(message_id, now)
    if message is None or message.conversation.address is None:
        return None
    account = WechatAccount.objects.filter(inbox=message.conversation.inbox_id).first()
    if account is None or not account.is_active:
        return mark_delivery(message_id, Message.State.FAILED, now=now, why=worded(SWITCHED_OFF))
    client = Client(account, clock.wall())
    for number, part in enumerate(_parts(client, message)):
        if number < int(message.extra.get("parts", 0)):  # it went out the last time
            continue
        answer = part if isinstance(part, Answer) else client.ask(*_asked(account, message, number, part))
        if not answer.good:
            return _note(message, answer, number, now)
    return mark_delivery(message_id, Message.State.SENT, now=now)


def _claim(message_id: int, now: dt.datetime) -> Message | None:
    """The right to send it, once: a claim without an outcome means that somebody died at it."""
    found = Message.objects.filter(pk=message_id, state=Message.State.SENDING).values_list("conversation_id", flat=True)
    number = found.first()
    if number is None:
        return None
    with transaction.atomic():
        locked(number)
        message = (
            Message.objects.select_related("conversation__address")
            .filter(pk=message_id, state=Message.State.SENDING)
            .first()
        )
        if message is None:
            return None
        if message.extra.get("claimed"):
            mark_delivery(message_id, Message.State.UNKNOWN, now=now, why=NO_ANSWER)
            return None
        message.extra = {**message.extra, "claimed": now.isoformat(), "tries": int(message.extra.get("tries", 0)) + 1}
        message.save(update_fields=["extra"])
    return message


def _parts(client: Client, message: Message) -> Sequence[dict[str, Any] | Answer]:
    """The words, then each file, uploaded; an answer in place of one that could not be."""
    parts: list[dict[str, Any] | Answer] = (
        [{"msgtype": "text", "text": {"content": message.words}}] if message.words.strip() else []
    )
    files = (
        Attachment.objects.filter(subject_kind="message", subject_id=message.pk).order_by("pk") if message.files else []
    )
    for file in files:
        kind = "image" if is_picture(file.media_type) else "file"
        answer = client.upload(place_of(file.digest).read_bytes(), file.name, kind)
        media = (answer.data or {}).get("media_id")
        # An upload that failed has sent nothing to the customer.
        failed = Answer(answer.code or -2, answer.words or answer.fault or "upload")
        parts.append({"msgtype": kind, kind: {"media_id": media}} if answer.good and media else failed)
    return parts


def _asked(account: WechatAccount, message: Message, number: int, part: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    to = message.conversation.address.value if message.conversation.address else ""
    if account.kind == WechatAccount.Kind.OFFICIAL:
        return "cgi-bin/message/custom/send", {"touser": to, **part}
    again = int(message.extra.get("round", 0))
    ours = f"zk{message.pk}" + (f"-{number}" if number or again else "") + (f"-{again}" if again else "")
    return "cgi-bin/kf/send_msg", {"touser": to, "open_kfid": account.open_kfid, "msgid": ours, **part}


def _note(message: Message, answer: Answer, sent: int, now: dt.datetime) -> Message | None:
    """What became of one that WeChat did not simply take."""
    not_taken = answer.code in BUSY if not answer.fault else not answer.reached
    tries = int(message.extra.get("tries", 1))
    if not_taken and not sent and tries < MOST:
        return _try_later(message, tries)
    if answer.fault and answer.reached:
        return mark_delivery(message.pk, Message.State.UNKNOWN, now=now, why=NO_ANSWER, parts=sent)
    why = ERRORS.get(answer.code) or REFUSED.of(code=str(answer.code), words=(answer.words or answer.fault)[:160])
    why = PARTLY.of(why=why) if sent else why
    return mark_delivery(message.pk, Message.State.FAILED, now=now, why=why, code=answer.code, parts=sent)


def _try_later(message: Message, tries: int) -> Message:
    from zhike.channels.wechat.tasks import send_message

    later = clock.wall() + dt.timedelta(seconds=WAITS[min(tries, len(WAITS)) - 1])
    with transaction.atomic():
        message.extra = {name: value for name, value in message.extra.items() if name != "claimed"}
        message.save(update_fields=["extra"])
        defer(send_message, lock=f"wechat-talk:{message.conversation_id}", not_before=later, message=message.pk)
    return message
