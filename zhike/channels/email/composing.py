"""A message as a mail: in its thread, with what it answers quoted below, and with headers by which no machine answers it."""

from __future__ import annotations

import datetime as dt
import html as entities
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from zhike.lib.text import clean_line

POLICY = SMTP.clone(max_line_length=200)
MOST_REFERENCES = 20
MOST_QUOTED = 10_000


@dataclass(frozen=True, slots=True)
class Quoted:
    """What is answered: who wrote when, in words."""

    who: str
    at: dt.datetime
    words: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is made of. Addresses are checked before they come here; everything else is cleaned here."""

    sender: str
    sender_name: str
    to: str
    subject: str
    words: str
    message_id: str
    seal: str
    at: dt.datetime
    reply_to: str = ""
    html: str = ""
    signature: str = ""
    answers: str = ""
    """The Message-ID it answers."""
    references: Sequence[str] = ()
    quoted: Quoted | None = None
    files: Sequence[tuple[str, str, bytes]] = field(default_factory=list)
    """(name, media type, content)."""
    is_auto: bool = False
    language: str = "zh"
    """Of the line above the quotation."""


def composed(letter: Letter) -> bytes:
    """The mail's bytes, with CRLF. No line of a value can become a header: the library refuses line ends in them, and none come so far."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _address(letter.sender, letter.sender_name)
    mail["To"] = _address(letter.to)
    if letter.reply_to:
        mail["Reply-To"] = _address(letter.reply_to, letter.sender_name)
    mail["Subject"] = clean_line(letter.subject)[:250]
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{_identifier(letter.message_id)}>"
    mail["X-Zhike"] = letter.seal
    if letter.answers:
        mail["In-Reply-To"] = f"<{_identifier(letter.answers)}>"
    others = [each for each in letter.references if each != letter.answers]
    kept = [_identifier(each) for each in (*others, letter.answers) if _identifier(each)]
    if kept:
        mail["References"] = " ".join(f"<{each}>" for each in list(dict.fromkeys(kept))[-MOST_REFERENCES:])
    if letter.is_auto:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "auto_reply"
    mail.set_content(_text(letter), charset="utf-8", cte="base64")
    if letter.html:
        mail.add_alternative(_html(letter), subtype="html", charset="utf-8", cte="base64")
    for name, kind, content in letter.files:
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=clean_line(name))
    return mail.as_bytes()


def _address(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(clean_line(name)[:80], user, domain)


def _identifier(text: str) -> str:
    """What may stand between angle brackets; "" for anything else."""
    return text if re.fullmatch(r"[!-;=?-~]{3,250}", text) else ""


def _text(letter: Letter) -> str:
    pieces = [letter.words.rstrip()]
    if letter.signature:
        pieces.append(f"-- \n{letter.signature}")
    if letter.quoted:
        lines = letter.quoted.words[:MOST_QUOTED].splitlines()
        pieces.append("\n".join([_introduction(letter), *(f"> {line}".rstrip() for line in lines)]))
    return "\n\n".join(pieces) + "\n"


def _html(letter: Letter) -> str:
    pieces = [letter.html]
    if letter.signature:
        pieces.append(f"<p>-- <br>{_lines(letter.signature)}</p>")
    if letter.quoted:
        pieces.append(
            f"<p>{entities.escape(_introduction(letter))}</p><blockquote>{_lines(letter.quoted.words[:MOST_QUOTED])}</blockquote>"
        )
    return f"<!DOCTYPE html><html><body>{''.join(pieces)}</body></html>"


def _lines(text: str) -> str:
    return entities.escape(text).replace("\n", "<br>")


def _introduction(letter: Letter) -> str:
    quoted = letter.quoted
    assert quoted is not None
    if letter.language == "en":
        return f"On {quoted.at:%Y-%m-%d %H:%M}, {quoted.who} wrote:"
    return f"在 {quoted.at:%Y年%m月%d日 %H:%M}，{quoted.who} 写道："
