"""Mails read, and mails taken up: kept, judged, put into their conversation, a second. A third opens a conversation, the rest answer in one.

Each mail is a made one: GBK under a wrong label, text and HTML with a quotation, a file of 60 KB, a forwarded mail.
"""

from __future__ import annotations

import base64
import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from zhike.web.bench.report import Report, Say, figure, load
from zhike.web.cli.scratch import scratch_database

MAILS = 1_000
"""Taken up in a round, unless said otherwise."""
PARSED = "parsed_per_second"
NOW = dt.datetime(2025, 6, 10, 1, 0, tzinfo=dt.UTC)
QUOTE = "在 2025年6月9日，示例客服 <desk@zhike.example> 写道：\r\n> " + "您好，请问有什么可以帮您？" * 8
FILE = base64.encodebytes(b"sample,1,2,3\n" * 4_700)
WORDS = "您好，我上周买的示例水壶漏水，想申请退货，订单号是 20250603-{n}，请尽快答复。"


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """`rows` mails a round, at most 20,000."""
    rows = min(rows, 20_000) if rows != 1_000_000 else MAILS
    report = Report("mail", rows, rounds)
    read: list[float] = []
    taken: list[float] = []
    right = True
    with scratch_database("bench_mail"), tempfile.TemporaryDirectory() as files:
        mailbox = _mailbox(files)
        for number in range(rounds):
            read.append(_read(rows, number))
            rate, good = _take(mailbox, rows, number)
            taken.append(rate)
            right = right and good
            report.load.append(load())
            say(f"round {number + 1}: {read[-1]:.0f} mails read and {taken[-1]:.1f} taken up a second")
    report.figures += [
        figure(PARSED, "1/s", ">= 300", read),
        figure("taken_per_second", "1/s", ">= 30", taken, right=right),
    ]
    return report


def _read(rows: int, number: int) -> float:
    from zhike.channels.email.parsing import parse

    mails = [mail for _, mail in _mails(rows, number)]
    began = time.perf_counter()
    for mail in mails:
        parse(mail)
    return rows / (time.perf_counter() - began)


def _take(mailbox: Any, rows: int, number: int) -> tuple[float, bool]:
    """(mails a second, whether each stands in the conversation it belongs to)."""
    from zhike.channels.email.receiving import take
    from zhike.conversations.models import Conversation, Message

    before = Conversation.objects.count(), Message.objects.count()
    mails = [mail for _, mail in _mails(rows, number)]
    began = time.perf_counter()
    for place, mail in enumerate(mails):
        take(mailbox, mail, now=NOW + dt.timedelta(minutes=5 * (number * rows + place)))
    took = time.perf_counter() - began
    opened = sum(opens for opens, _ in _mails(rows, number))
    after = Conversation.objects.count(), Message.objects.count()
    return rows / took, (after[0] - before[0], after[1] - before[1]) == (opened, rows)


def _mails(rows: int, number: int) -> Iterator[tuple[bool, bytes]]:
    """(whether it opens a conversation, the mail). Two answers follow each that opens one."""
    for place in range(rows):
        opens = place % 3 == 0
        first = place - place % 3
        heads = [
            f"From: guke{first % 400}@mail{number}.example.com", "To: desk@zhike.example", "Subject: =?utf-8?B?6YCA6LSn?=",
            f"Message-ID: <{number}.{place}@example.com>",
        ]  # fmt: skip
        if not opens:
            heads.append(f"In-Reply-To: <{number}.{place - 1}@example.com>")
        yield opens, "\r\n".join(heads).encode() + b"\r\n" + _body(place)


def _body(place: int) -> bytes:
    words = WORDS.format(n=place)
    match place % 4:
        case 0:
            return b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n" + words.encode("gbk")
        case 1:
            html = f"<p>{words}</p><blockquote>{QUOTE}</blockquote>"
            return _multipart(
                "alternative",
                ("text/plain; charset=utf-8", f"{words}\r\n\r\n{QUOTE}"),
                ("text/html; charset=utf-8", html),
            )
        case 2:
            file = "text/csv; name=sample.csv\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64"
            return _multipart("mixed", ("text/plain; charset=utf-8", words), (file, FILE.decode()))
        case _:
            inner = "Subject: inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nforwarded"
            return _multipart("mixed", ("text/plain; charset=utf-8", words), ("message/rfc822", inner))


def _multipart(kind: str, *parts: tuple[str, str]) -> bytes:
    body = "".join(f"--b\r\nContent-Type: {head}\r\n\r\n{content}\r\n" for head, content in parts)
    return f'Content-Type: multipart/{kind}; boundary="b"\r\n\r\n{body}--b--\r\n'.encode()


def _mailbox(files: str) -> Any:
    """A mailbox of a small handbook with one queue."""
    from django.conf import settings

    from zhike.channels.email.models import Mailbox
    from zhike.conversations.models import Inbox
    from zhike.handbook.structure import Handbook
    from zhike.org.models import HandbookVersion

    settings.MEDIA_ROOT = files
    role = {"id": "agent", "title": "示例坐席", "screens": ["desk"]}
    queue = {"id": "desk", "title": "示例咨询台", "media": ["email"], "answered_by": ["agent"]}
    handbook = Handbook.model_validate({
        "name": "bench", "title": "示例制度", "version": "1", "effective": "2025-01-01", "roles": [role], "queues": [queue], "clauses": [],
    })  # fmt: skip
    HandbookVersion.objects.create(
        name="bench", version="1", effective_from=NOW - dt.timedelta(days=90), text="", digest="0" * 64,
        source=handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    )  # fmt: skip
    inbox = Inbox.objects.create(
        medium="email", name="示例", handbook="bench", key="desk@zhike.example", created_at=NOW
    )
    return Mailbox.objects.create(inbox=inbox, sender_name="示例", imap_sealed=b"", since=NOW)
