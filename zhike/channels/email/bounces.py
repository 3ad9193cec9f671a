"""Reports about mails of ours that did not arrive, or did: which one, to whom, and what the other server said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from zhike.channels.email.charsets import decode
from zhike.channels.email.headers import header, message_ids
from zhike.channels.email.mime import Part

MOST_READ = 64 * 1024
DAEMONS = ("mailer-daemon@", "postmaster@", "mail-daemon@", "mailerdaemon@")
STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
SAYS_SO = re.compile(
    "退信|退回|未送达|无法送达|无法投递|投递失败|发送失败|undeliver|delivery (?:status|failure|has failed)|failure notice|returned mail",
    re.IGNORECASE,
)
"""How mail systems name a report in its subject. QQ and others send a page of HTML and nothing a program could read."""
REPLY = re.compile(r"\b(4\d\d|5\d\d)[ -][^\n]{3,200}")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says."""

    action: str
    """failed, delayed, delivered, relayed or expanded."""
    status: str = ""
    """5.1.1"""
    why: str = ""
    """What the other server said, one line."""
    recipient: str = ""
    about: tuple[str, ...] = ()
    """Message-IDs of the mail it is about, as far as it tells."""
    subjects: str = ""
    """Its words: where it names no Message-ID, the subject of our mail stands among them."""


def looks_like_report(flags: Mapping[str, str], sender: str, subject: str = "") -> bool:
    """Reports that are no multipart/report: sent by a mail system, to nobody's return path or with a subject that says so."""
    empty = flags.get("return-path", "").strip() == "<>"
    return (
        "x-failed-recipients" in flags
        or sender.startswith(DAEMONS[:1] + DAEMONS[2:])
        or (sender.startswith(DAEMONS) and (empty or bool(SAYS_SO.search(subject))))
    )


def report_of(root: Part) -> Report | None:
    """The report in this mail; None for one that only looks like it."""
    fields: dict[str, str] = {}
    about: list[str] = []
    words, all_words = "", ""
    for part in root.walk():
        if part.kind == "message/delivery-status":
            fields |= _fields(part.content()[:MOST_READ])
        elif part.kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            about += message_ids(_head(part.content()), "Message-ID")
        elif part.kind in ("text/plain", "text/html"):
            said = decode(part.content()[:MOST_READ], part.charset)
            words, all_words = words or said, f"{all_words}\n{said}"[: 2 * MOST_READ]
    about += [each for each in re.findall(r"(?im)^\W*Message-ID:\s*<([^<>\s]{3,250})>", words) if each not in about]
    subject = header(root.head, "Subject")
    if not fields and not about and root.kind != "multipart/report" and not SAYS_SO.search(subject):
        return None
    status = fields.get("status", "") or (found[0] if (found := STATUS.search(words)) else "")
    said = fields.get("diagnostic-code", "").partition(";")[2].strip() or (
        reply[0] if (reply := REPLY.search(words)) else ""
    )
    recipient = fields.get("final-recipient", fields.get("original-recipient", "")).partition(";")[2].strip()
    action = fields.get("action", "").lower() or ("delayed" if status.startswith("4") else "failed")
    about += [each for each in message_ids(root.head, "In-Reply-To", "References") if each not in about]
    why = " ".join(re.sub(r"<[^<>]{0,200}>", " ", said).split())[:160]
    return Report(action, status[:20], why, recipient[:190], tuple(about[:20]), f"{subject}\n{all_words}")


def _fields(content: bytes) -> dict[str, str]:
    """The fields of every recipient; what a later one says does not overrule a failure."""
    found: dict[str, str] = {}
    for block in re.split(rb"\r?\n\r?\n", content.strip()):
        head = _head(block)
        said = {name.lower(): header(head, name) for name in head if name.lower() not in found}
        failed = header(head, "Action").lower() == "failed"
        found |= said | ({name.lower(): header(head, name) for name in head} if failed else {})
    return found


def _head(content: bytes) -> Message:
    return BytesHeaderParser().parsebytes(content[:MOST_READ].lstrip())
