"""Every write to a mailbox that somebody makes, and what he decides about mails."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from zhike.channels.email import outbox, receiving
from zhike.channels.email.access import check_right, mail_for, mailbox_for, outgoing_for
from zhike.channels.email.events import (
    MailboxAdded,
    MailboxEdited,
    MailboxSwitched,
    MailboxTriedAgain,
    MailReleased,
    MailSettled,
)
from zhike.channels.email.headers import ADDRESS
from zhike.channels.email.models import Mail, Mailbox, Outgoing
from zhike.channels.email.resting import ANEW
from zhike.channels.email.sealed import sealed
from zhike.conversations.models import Conversation, Inbox, Medium
from zhike.conversations.written import OUTSIDE
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.wake import wake
from zhike.lib.text import clean_line, clean_text
from zhike.org.principals import Viewer

MOST = 50
"""Mailboxes: each that is active holds a connection."""
MOST_LISTED = 500
LONGEST_ANSWER = 2000
NO_ADDRESS = Text(
    zh="请填写邮箱地址，例如 service@example.com。", en="Give the address of the mailbox, like service@example.com."
)
TAKEN = Text(zh="这个地址已经设置过了。", en="There is a mailbox with this address already.")
NO_HANDBOOK = Text(
    zh="请选择按哪个制度办理来信；制度里要有接收邮件的队列。",
    en="Choose the handbook by which its mails are dealt with; it needs a queue for mails.",
)
NO_HOST = Text(zh="请填写服务器地址，例如 imap.example.com。", en="Give the server's name, like imap.example.com.")
NO_PORT = Text(zh="端口是 1 到 65535 的数。", en="A port is a number from 1 to 65535.")
NO_USER = Text(zh="请填写登录名。", en="Give the name to sign in with.")
NO_PASSWORD = Text(zh="请填写密码或授权码。", en="Give the password or authorisation code.")
NO_SECURITY = Text(zh="请选择加密方式。", en="Choose how the connection is encrypted.")
IN_THE_CLEAR = Text(
    zh="不加密只能用于本机的服务器。请选择 TLS 或 STARTTLS。",
    en="Without encryption only this machine's servers are reached. Choose TLS or STARTTLS.",
)
NO_NAME = Text(zh="请填写显示给客户的名称。", en="Give the name customers see.")
BAD_LIST = Text(
    zh="名单里“{entry}”不是邮箱地址，也不是 @域名。", en="“{entry}” in the list is neither an address nor @domain."
)
USUAL_PATIENCE, MOST_PATIENCE = "72", 8760
NO_PATIENCE = Text(
    zh="停止尝试前的小时数是 0 到 8760 的整数，0 表示一直尝试。",
    en="Hours before it is tried no more: a whole number from 0 to 8760; 0 tries for ever.",
)
TOO_MANY = Text(zh="邮箱已满 50 个。", en="There are 50 mailboxes.")
ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class MailboxRefused(Exception):
    """{field: what is wrong and what would do}."""

    def __init__(self, problems: dict[str, Text]) -> None:
        super().__init__("; ".join(f"{name}: {text.en}" for name, text in problems.items()))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Wish:
    """What a mailbox is to be. Passwords: None leaves them as they are."""

    address: str
    sender_name: str
    handbook: str
    imap_host: str
    imap_port: str
    imap_security: str
    imap_user: str
    imap_password: str | None
    smtp_host: str
    smtp_port: str
    smtp_security: str
    smtp_user: str
    smtp_password: str | None
    folder: str = "INBOX"
    signature: str = ""
    auto_answer: str = ""
    language: str = "zh"
    plus_addressing: bool = False
    blocked: str = ""
    allowed: str = ""
    patience: str = USUAL_PATIENCE
    """Hours after which it is tried no more while it cannot be read; 0: never."""
    since: dt.datetime | None = None
    """Mails that came before are left alone; None: from now on."""


def add_mailbox(wish: Wish, handbooks: Mapping[str, object], *, by: Viewer, now: dt.datetime) -> Mailbox:
    """Raises MailboxRefused; access.NotFound for who is no administrator. `handbooks`: those in force, by name."""
    check_right(by)
    values = _checked(wish, handbooks, new=True)
    if Mailbox.objects.count() >= MOST:
        raise MailboxRefused({"": TOO_MANY})
    try:
        with transaction.atomic():
            inbox = Inbox.objects.create(
                medium=Medium.EMAIL,
                name=str(values["sender_name"]),
                handbook=wish.handbook,
                key=_address(wish),
                created_at=now,
            )
            row = Mailbox.objects.create(inbox=inbox, since=wish.since or now, **values)
            _tell(MailboxAdded(inbox.key), row, by, now)
    except IntegrityError:
        raise MailboxRefused({"address": TAKEN})
    return row


def edit_mailbox(number: int, wish: Wish, handbooks: Mapping[str, object], *, by: Viewer, now: dt.datetime) -> Mailbox:
    """Its address stays: it is the inbox's name to the world. Raises MailboxRefused, access.NotFound."""
    with transaction.atomic():
        row = mailbox_for(by, number, lock=True)
        values = _checked(wish, handbooks, new=False)
        changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
        for name, value in values.items():
            setattr(row, name, value)
        row.revision += 1
        for name, value in ANEW.items():
            setattr(row, name, value)
        row.save(update_fields=[*values, *ANEW, "revision"])
        row.inbox.name, row.inbox.handbook = row.sender_name, wish.handbook
        row.inbox.save(update_fields=["name", "handbook"])
        said = tuple(dict.fromkeys("password" if name.endswith(("_key", "_sealed")) else name for name in changed))
        _tell(MailboxEdited(row.address, said), row, by, now)
    return row


def switch_mailbox(number: int, on: bool, *, by: Viewer, now: dt.datetime) -> Mailbox:
    """Fetch and send, or leave alone: what waits stays waiting. Raises access.NotFound."""
    with transaction.atomic():
        row = mailbox_for(by, number, lock=True)
        if row.inbox.is_active != on:
            row.inbox.is_active = on
            row.inbox.save(update_fields=["is_active"])
            _tell(MailboxSwitched(row.address, on), row, by, now)
    return row


def try_mailbox_again(number: int, *, by: Viewer, now: dt.datetime) -> Mailbox:
    """Read it from now on as if it had never failed, also where it was given up. Raises access.NotFound."""
    with transaction.atomic():
        row = mailbox_for(by, number, lock=True)
        row.revision += 1
        for name, value in ANEW.items():
            setattr(row, name, value)
        row.save(update_fields=[*ANEW, "revision"])
        _tell(MailboxTriedAgain(row.address), row, by, now)
    return row


def release_mail(number: int, *, by: Viewer, now: dt.datetime, allow: bool = False) -> Conversation:
    """A mail that was kept aside becomes a conversation, or goes on with its own; with `allow` its sender is never kept aside again.

    Raises access.NotFound. Released twice it is there once.
    """
    with transaction.atomic():
        seen = mail_for(by, number, now)
        row = (
            Mail.objects.select_for_update(of=("self",))
            .select_related("mailbox__inbox", "conversation")
            .get(pk=seen.pk)
        )
        if row.conversation is not None:
            return row.conversation
        conversation = receiving.release(row, row.mailbox, now=now)
        row.settled_at, row.settled_by = now, by.principal
        row.save(update_fields=["state", "conversation", "message", "settled_at", "settled_by"])
        fact = MailReleased(conversation.number)
        record([NewFact(fact, at=now, subject=("mail", row.pk), actor=by.principal, handbook=conversation.handbook)])
        if allow:
            _list_sender(row, "allowed", "blocked")
    return conversation


def block_sender(number: int, *, by: Viewer, now: dt.datetime) -> str:
    """Mails of this one's sender are kept aside from now on; answers his address. Raises access.NotFound."""
    with transaction.atomic():
        row = mail_for(by, number, now)
        _list_sender(row, "blocked", "allowed")
        _tell(MailboxEdited(row.mailbox.address, ("blocked",)), row.mailbox, by, now)
    return row.sender


def _list_sender(row: Mail, onto: str, off: str) -> None:
    held = Mailbox.objects.select_for_update().get(pk=row.mailbox_id)
    listed = [entry for entry in getattr(held, onto) if entry != row.sender]
    setattr(held, onto, [*listed, row.sender][-MOST_LISTED:])
    setattr(held, off, [entry for entry in getattr(held, off) if entry != row.sender])
    held.revision += 1
    held.save(update_fields=[onto, off, "revision"])
    wake(outbox.CHANNEL)


def settle_outgoing(number: int, how: str, *, by: Viewer, now: dt.datetime) -> Outgoing:
    """Decide about a mail of which nobody knows whether it went out: `sent`, or `again`. One that failed may only go again.

    Raises access.NotFound. Decided twice, the second changes nothing.
    """
    with transaction.atomic():
        seen = outgoing_for(by, number)
        rows = Outgoing.objects.select_for_update(of=("self",)).select_related(
            "message__conversation__address", "mailbox__inbox"
        )
        row = rows.get(pk=seen.pk)
        undecided = row.state == Outgoing.State.UNKNOWN or (row.state == Outgoing.State.FAILED and how == "again")
        if not undecided or how not in ("sent", "again"):
            return row
        outbox.settle(row, how, by=by.principal, now=now)
        _tell_settled(row.message.conversation, how, by, now)
    return row


def _tell_settled(conversation: Conversation, how: str, by: Viewer, now: dt.datetime) -> None:
    inside = [principal for principal in conversation.audience if not principal.startswith(OUTSIDE)]
    fact = NewFact(
        MailSettled(how), at=now, subject=("conversation", conversation.pk), actor=by.principal,
        handbook=conversation.handbook, audience=inside,
    )  # fmt: skip
    record([fact])


def _address(wish: Wish) -> str:
    return clean_line(wish.address).lower()


def _checked(wish: Wish, handbooks: Mapping[str, object], *, new: bool) -> dict[str, object]:
    """Columns of the row. Raises MailboxRefused with everything that is wrong."""
    problems: dict[str, Text] = {}
    if new and (not ADDRESS.fullmatch(_address(wish)) or len(_address(wish)) > 64):
        problems["address"] = NO_ADDRESS
    name = clean_line(wish.sender_name)[:80]
    if not name:
        problems["sender_name"] = NO_NAME
    if wish.handbook not in handbooks:
        problems["handbook"] = NO_HANDBOOK
    values: dict[str, object] = {"sender_name": name}
    for kind in ("imap", "smtp"):
        values |= _server(wish, kind, problems)
        _password(wish, kind, values, problems, new=new)
    patience = clean_line(wish.patience) or USUAL_PATIENCE
    if not (patience.isascii() and patience.isdigit() and int(patience[:5]) <= MOST_PATIENCE and len(patience) < 5):
        problems["patience"] = NO_PATIENCE
    for listing in ("blocked", "allowed"):
        values[listing] = _listed(getattr(wish, listing), listing, problems)
    if problems:
        raise MailboxRefused(problems)
    return values | {
        "folder": clean_line(wish.folder)[:80] or "INBOX",
        "signature": clean_text(wish.signature)[:500],
        "language": wish.language if wish.language in ("zh", "en") else "zh",
        "auto_answer": clean_text(wish.auto_answer)[:LONGEST_ANSWER],
        "plus_addressing": wish.plus_addressing,
        "patience": int(patience),
    }


def _server(wish: Wish, kind: str, problems: dict[str, Text]) -> dict[str, object]:
    host = clean_line(getattr(wish, f"{kind}_host")).lower()[:190]
    port, security = getattr(wish, f"{kind}_port"), getattr(wish, f"{kind}_security")
    user = clean_line(getattr(wish, f"{kind}_user"))[:190]
    if not re.fullmatch(r"[a-z0-9._:-]+", host):
        problems[f"{kind}_host"] = NO_HOST
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        problems[f"{kind}_port"] = NO_PORT
    if security not in Mailbox.Security.values:
        problems[f"{kind}_security"] = NO_SECURITY
    elif security == Mailbox.Security.NONE and host not in ON_THIS_MACHINE:
        problems[f"{kind}_security"] = IN_THE_CLEAR
    if kind == "imap" and not user:
        problems["imap_user"] = NO_USER
    if f"{kind}_port" in problems:
        port = "0"
    return {f"{kind}_host": host, f"{kind}_port": int(port), f"{kind}_security": security, f"{kind}_user": user}


def _password(wish: Wish, kind: str, values: dict[str, object], problems: dict[str, Text], *, new: bool) -> None:
    password = getattr(wish, f"{kind}_password")
    if kind == "imap" and new and not password:
        problems["imap_password"] = NO_PASSWORD
    if kind == "smtp" and new and not password and values["smtp_user"]:
        password = wish.imap_password  # most providers have one for both
    if password:
        values[f"{kind}_key"], values[f"{kind}_sealed"] = sealed(password[:500])


def _listed(text: str, name: str, problems: dict[str, Text]) -> list[str]:
    entries = [entry.lower() for entry in re.split(r"[\s,;，；]+", text) if entry]
    for entry in entries:
        if not ADDRESS.fullmatch(entry if not entry.startswith("@") else f"x{entry}"):
            problems[name] = Text(
                zh=BAD_LIST.zh.format(entry=entry[:60]), en=BAD_LIST.say("en").format(entry=entry[:60])
            )
    return list(dict.fromkeys(entries))[:MOST_LISTED]


def _tell(
    event: MailboxAdded | MailboxEdited | MailboxSwitched | MailboxTriedAgain,
    row: Mailbox,
    by: Viewer,
    now: dt.datetime,
) -> None:
    wake(outbox.CHANNEL)
    record([NewFact(event, at=now, subject=("mailbox", row.pk), actor=by.principal, handbook=row.inbox.handbook)])
