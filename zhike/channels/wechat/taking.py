"""What was kept becomes messages of conversations: in the order it came, each once, a person's next one never before his last.

A picture that cannot be fetched now is tried again, and after four times its place is taken by words that say so. WeCom tells that there is
something; its messages are fetched by a cursor that moves with what was kept, in one transaction.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from zhike.channels.wechat.callbacks import keep
from zhike.channels.wechat.client import Client, Media
from zhike.channels.wechat.models import WechatAccount, WechatEvent
from zhike.channels.wechat.reading import Heard, heard_of
from zhike.channels.wechat.wording import KINDS, line
from zhike.conversations.actions import Incoming, receive
from zhike.conversations.events import MessageWritten
from zhike.conversations.failures import Why
from zhike.conversations.messages import add_message
from zhike.conversations.models import Conversation, Message
from zhike.conversations.outgoing import mark_delivery
from zhike.conversations.written import locked, write
from zhike.journal.outbox import defer
from zhike.lib import clock
from zhike.lib.content import voice_seconds
from zhike.org.principals import ANONYMOUS, SYSTEM
from zhike.records.attachments import AttachmentRefused, store_attachment

AT_ONCE = 200
MOST = 4
WAITS = (15, 60, 300)
"""Seconds before media is tried again."""
PAGES = 50
LIMIT = 1000
EXTENSIONS = {"image": "jpg", "voice": "amr", "video": "mp4", "shortvideo": "mp4", "file": ""}
State = WechatEvent.State


def take_waiting(account_id: int, now: dt.datetime) -> int:
    """Turn what waits into messages; the number that were. Whoever has something that must wait keeps his order, others go on."""
    account = WechatAccount.objects.select_related("inbox").filter(pk=account_id).first()
    if account is None:
        return 0
    client, blocked, done = Client(account, clock.wall()), set[str](), 0
    for event in WechatEvent.objects.filter(account=account, state=State.WAITING).order_by("id")[:AT_ONCE]:
        heard = heard_of(event.payload)
        if heard.sender in blocked:
            continue
        media = client.media(heard.media_id) if heard.media_id else None
        if media is not None and media.fault and media.again and event.attempts + 1 < MOST:
            blocked.add(heard.sender)
            _try_later(account, event, media.fault)
            continue
        done += _take(account, event, heard, media, now)
    return done


def _try_later(account: WechatAccount, event: WechatEvent, why: str) -> None:
    from zhike.channels.wechat.tasks import take_in

    wait = WAITS[min(event.attempts, len(WAITS) - 1)]
    with transaction.atomic():
        WechatEvent.objects.filter(pk=event.pk).update(attempts=event.attempts + 1, why=why[:200])
        later = clock.wall() + dt.timedelta(seconds=wait)
        defer(take_in, lock=f"wechat:{account.pk}", not_before=later, account=account.pk)


def _take(account: WechatAccount, event: WechatEvent, heard: Heard, media: Media | None, now: dt.datetime) -> bool:
    files, lost = _stored(heard, media, now) if media is not None else ([], "")
    with transaction.atomic():
        rows = WechatEvent.objects.select_for_update(no_key=True).filter(pk=event.pk, state=State.WAITING)
        if rows.first() is None:
            return False
        words = "\n".join(filter(None, (heard.words, lost)))
        state = State.DONE
        if heard.failed[0]:
            _note_failure(account, heard.failed, now)
        elif heard.sender and (words or files):
            incoming = Incoming(
                heard.sender, f"wechat:{event.key}"[:80], words, name=f"微信 {heard.sender[-4:]}", files=files,
                extra={"kind": heard.media_kind} if heard.media_kind else {},
            )  # fmt: skip
            receive(account.inbox, incoming, now=now)
        elif heard.sender and heard.note:
            _note(account, heard, event.key, now)
        else:
            state = State.IGNORED
        WechatEvent.objects.filter(pk=event.pk).update(
            state=state, why="", payload={} if state == State.DONE else event.payload
        )
    return state == State.DONE


def _stored(heard: Heard, media: Media, now: dt.datetime) -> tuple[list[str], str]:
    """(tokens of what was kept, words for what was not)."""
    kind = KINDS.get(heard.media_kind, KINDS["file"]).zh
    if media.fault:
        return [], line("not_fetched", kind=kind, why=media.fault)
    name = media.name or f"wechat-{heard.media_kind}.{EXTENSIONS.get(heard.media_kind, '')}".rstrip(".")
    try:
        tokens = [store_attachment(media.content, name, by=ANONYMOUS, now=now).token]
        return tokens, _how_long(media.content) if heard.media_kind == "voice" else ""
    except AttachmentRefused as refused:
        return [], line("not_kept", kind=kind, why=refused.words.zh)


def _how_long(content: bytes) -> str:
    """A voice message in words: it is saved and played by a program of the desk's, browsers do not know AMR."""
    seconds = voice_seconds(io.BytesIO(content))
    return line("voice_of", seconds=max(1, round(seconds))) if seconds else line("voice")


def _note(account: WechatAccount, heard: Heard, key: str, now: dt.datetime) -> None:
    """A line for colleagues in the conversation that runs, if one does."""
    live = Conversation.objects.filter(
        inbox=account.inbox_id, address__value=heard.sender, address__inbox_medium="wechat", state__in=Conversation.LIVE
    ).first()
    if live is None:
        return
    held = locked(live.pk)
    message = add_message(
        held,
        side=Message.Side.SYSTEM,
        author=SYSTEM,
        words=heard.note,
        key=f"wechat:{key}"[:80],
        now=now,
        internal=True,
    )
    write(held, [MessageWritten(held.number, message.pk, message.seq, message.side, True)], now=now, by=SYSTEM)


def _note_failure(account: WechatAccount, failed: tuple[str, Why], now: dt.datetime) -> None:
    """WeCom says later that a message did not arrive; ours are known by the id we gave them."""
    number = failed[0].removeprefix("zk").partition("-")[0]
    if failed[0].startswith("zk") and number.isascii() and number.isdigit() and len(number) < 18:
        ours = Message.objects.filter(pk=int(number), conversation__inbox=account.inbox_id, side=Message.Side.STAFF)
        if ours.exists():
            mark_delivery(int(number), Message.State.FAILED, now=now, why=failed[1])


def fetch(account_id: int, token: str, now: dt.datetime) -> int:
    """Fetch WeCom's messages from the cursor on; the number that were new. Raises FetchFailed when WeChat does not give them."""
    account = WechatAccount.objects.select_related("inbox").filter(pk=account_id).first()
    if account is None:
        return 0
    client, found = Client(account, clock.wall()), 0
    for _ in range(PAGES):
        asks = {
            "cursor": account.cursor,
            "token": token,
            "limit": LIMIT,
            "voice_format": 0,
            "open_kfid": account.open_kfid,
        }
        answer = client.ask("cgi-bin/kf/sync_msg", {name: value for name, value in asks.items() if value != ""})
        if not answer.good:
            why = f"{answer.code} {answer.words} {answer.fault}".strip()[:200]
            WechatAccount.objects.filter(pk=account.pk).update(trouble=why)
            raise FetchFailed(why)
        data = answer.data or {}
        new, further = _keep_page(account, data, now)
        found += new
        if not further:
            break
    return found


class FetchFailed(Exception):
    """WeChat did not give the messages; the job is run again later."""


def _keep_page(account: WechatAccount, data: Mapping[str, Any], now: dt.datetime) -> tuple[int, bool]:
    """(how many were new, whether there is more). What was kept and the cursor move together."""
    listed = data.get("msg_list")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    following = data.get("next_cursor")
    following = following[:64] if isinstance(following, str) and following else account.cursor
    with transaction.atomic():
        new = sum(keep(account, f"m{row.get('msgid') or ''}", row, now) for row in rows if row.get("msgid"))
        moved = WechatAccount.objects.filter(pk=account.pk, cursor=account.cursor).update(cursor=following, trouble="")
    further = data.get("has_more") == 1 and bool(moved) and following != account.cursor
    account.cursor = following
    return new, further
