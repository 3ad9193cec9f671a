"""A mail as it came, as something that can be read: never refused, whatever is wrong with it.

What cannot be understood is left out and said so in `notes`; the raw mail is kept beside it (raw.py).
"""

from __future__ import annotations

import hashlib
import html as entities
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from zhike.channels.email import bounces, cleaning, cms, quoting, tnef
from zhike.channels.email.charsets import decode
from zhike.channels.email.headers import Person, header, message_ids, people, raw_values, sent_at
from zhike.channels.email.mime import Part, Splitter
from zhike.handbook.common import Text
from zhike.lib.text import clean_text

LONGEST_TEXT = 200_000
"""Characters of a plain body that are read."""
MOST_FILES = 50
NOBODY = Person("unknown@invalid")
NO_SENDER = Text(zh="这封邮件没有写明发件人。", en="This mail does not say who sent it.")
TOO_MUCH = Text(
    zh="这封邮件的部分太多或嵌套太深，只读取了开头，完整内容见原始邮件。",
    en="This mail has too many parts; only the first were read. The raw mail is kept.",
)
ENCRYPTED = Text(
    zh="这封邮件是加密的，无法阅读，请对方重发未加密的邮件。",
    en="This mail is encrypted and cannot be read. Ask for it unencrypted.",
)
BROKEN = Text(
    zh="这封邮件的格式损坏，只能读出一部分，完整内容见原始邮件。",
    en="This mail is damaged; only a part could be read. The raw mail is kept.",
)
FORWARDED = Text(zh="---------- 转发的邮件 ----------", en="---------- Forwarded message ----------")
FORWARDED_HEAD = (
    ("From", Text(zh="发件人：", en="From: ")),
    ("Date", Text(zh="日期：", en="Date: ")),
    ("Subject", Text(zh="主题：", en="Subject: ")),
)
INVITATIONS = {
    "REQUEST": Text(zh="[日程邀请]", en="[Invitation]"),
    "CANCEL": Text(zh="[日程取消]", en="[Cancelled]"),
    "REPLY": Text(zh="[日程答复]", en="[Answer to an invitation]"),
}
EVENT = re.compile(rb"BEGIN:VEVENT.*?(?=BEGIN:VALARM|END:VEVENT|\Z)", re.DOTALL)
FIELDS = re.compile(r'(?m)^(SUMMARY|DTSTART|DTEND|LOCATION)(?:;(?:"[^"\r\n]*"|[^":\r\n])*)?:([^\r\n]*)')
OTHER_VIEWS = ("text/x-amp-html", "text/watch-html")
"""The same words once more, for programs that run or shorten them."""
UNNAMED = Text(zh="附件", en="file")
SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
DEEPEST_SIGNED = 8


@dataclass(frozen=True, slots=True)
class File:
    """An attachment or a picture inside the text (then it has a content id)."""

    name: str
    content: bytes
    content_id: str = ""
    inline: bool = False


@dataclass
class Mail:
    """What a mail says."""

    sender: Person = NOBODY
    """From; `answers_to` is where an answer goes."""
    answers_to: Person = NOBODY
    to: list[Person] = field(default_factory=list)
    cc: list[Person] = field(default_factory=list)
    subject: str = ""
    message_id: str = ""
    references: list[str] = field(default_factory=list)
    """In-Reply-To first, then References from the newest back."""
    recipients: list[str] = field(default_factory=list)
    """Every address it was delivered to that the headers tell: To, Cc, Delivered-To, X-Original-To, Envelope-To."""
    sent_at: str = ""
    words: str = ""
    """What he wrote now."""
    quoted: str = ""
    html: str = ""
    """Cleaned; pictures as `cid:`."""
    html_source: str = ""
    """As it came, with its looks; only for framing.py."""
    blocked: int = 0
    files: list[File] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    report: bounces.Report | None = None
    flags: dict[str, str] = field(default_factory=dict)
    """Headers that say what kind of mail it is, in small letters: see FLAGS."""
    language: str = "zh"
    """In which what we add to its words is said."""
    digest: str = ""
    """SHA-256 of sender, Message-ID and body: the same for a mail that came twice by other ways."""


@dataclass
class Texts:
    """The readable parts of a mail, in their order."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    alternative: bool = False
    """They say the same in two ways."""


FLAGS = tuple(
    "auto-submitted precedence x-auto-response-suppress return-path list-id list-unsubscribe x-autoreply x-autorespond x-auto-reply"
    " x-zhike x-spam-flag x-spam-status authentication-results x-failed-recipients feedback-id x-loop".split()
)


def parse(raw: bytes, language: str = "zh") -> Mail:
    """The mail. Never raises for what stands in it. `language`: of the few words we put into it."""
    splitter = Splitter()
    try:
        root = splitter.part(raw)
        found = _headers(root)
        found.language = language
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return _unreadable(raw)
    try:
        _bodies(root, found, splitter)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        found.words = found.words or clean_text(decode(raw[:LONGEST_TEXT]))
        found.notes.append(BROKEN)
    if splitter.cut:
        found.notes.append(TOO_MUCH)
    found.digest = _digest(found, root.body)
    return found


def _unreadable(raw: bytes) -> Mail:
    found = Mail(words=clean_text(decode(raw[:LONGEST_TEXT])), notes=[BROKEN, NO_SENDER])
    found.digest = _digest(found, raw)
    return found


def _digest(mail: Mail, body: bytes) -> str:
    """Bodies are compared without their white space: ways differ in line ends and in blank lines at the end."""
    squeezed = body.translate(None, b" \t\r\n\v\f")
    identity = f"{mail.sender.address}\0{mail.message_id}\0{mail.sent_at}\0{mail.subject}\0".encode("utf-8", "replace")
    return hashlib.sha256(identity + hashlib.sha256(squeezed).digest()).hexdigest()


def _headers(root: Part) -> Mail:
    head = root.head
    found = Mail(subject=header(head, "Subject")[:200], sent_at=sent_at(head))
    found.message_id = next(iter(message_ids(head, "Message-ID")), "")[:250]
    found.references = list(
        dict.fromkeys([*message_ids(head, "In-Reply-To"), *reversed(message_ids(head, "References"))])
    )[:60]
    senders = people(raw_values(head, "From")) or people(
        [*raw_values(head, "Sender"), *raw_values(head, "Return-Path")]
    )
    found.sender = senders[0] if senders else NOBODY
    found.answers_to = next(iter(people(raw_values(head, "Reply-To"))), found.sender)
    if found.sender is NOBODY:
        found.sender = found.answers_to
        found.notes += [NO_SENDER] if found.sender is NOBODY else []
    found.to, found.cc = people(raw_values(head, "To")), people(raw_values(head, "Cc"))
    delivered = [
        value
        for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
        for value in raw_values(head, name)
    ]
    found.recipients = [person.address for person in (*found.to, *found.cc, *people(delivered))]
    found.flags = {name: value.strip().lower() for name in FLAGS for value in raw_values(head, name)[:1]}
    return found


def _bodies(root: Part, found: Mail, splitter: Splitter) -> None:
    texts = Texts()
    if root.kind == "multipart/report" or bounces.looks_like_report(found.flags, found.sender.address, found.subject):
        found.report = bounces.report_of(root)
    _collect(root, found, texts, splitter)
    _say(found, texts)


def _say(found: Mail, texts: Texts) -> None:
    plain, html = "\n\n".join(filter(None, texts.plain)), "\n".join(texts.html)
    if html:
        clean = cleaning.cleaned(html)
        found.html, found.html_source, found.blocked = clean.html, clean.source, clean.blocked
        found.notes += [TOO_MUCH] if clean.cut and TOO_MUCH not in found.notes else []
        found.files += [
            File(f"{name.partition('@')[0]}.{kind.rpartition('/')[2]}", data, name, True)
            for name, kind, data in clean.pictures
        ]
        if not plain.strip():
            plain = clean.text
        elif not texts.alternative:  # both were meant to be read, one below the other
            above = f"<p>{entities.escape(plain[:LONGEST_TEXT]).replace(chr(10), '<br>')}</p>"
            found.html, found.html_source = above + found.html, above + found.html_source
            plain = f"{plain}\n\n{clean.text}"
    text = clean_text(plain[:LONGEST_TEXT])
    found.words, found.quoted = quoting.split(text)


def _collect(part: Part, found: Mail, texts: Texts, splitter: Splitter) -> None:
    """Every part to where it belongs: text, HTML, files."""
    kind = part.kind
    if kind == "multipart/alternative" and part.parts:
        _alternative(part.parts, found, texts, splitter)
    elif kind.startswith("multipart/"):
        for each in part.parts if kind != "multipart/report" else part.parts[:1]:
            _collect(each, found, texts, splitter)
    elif kind == "message/rfc822":
        _forwarded(part, found, texts, splitter)
    elif (
        part.disposition != "attachment"
        and not _is_named_file(part)
        and kind in ("text/plain", "text/html", "text/enriched")
    ):
        text = decode(part.content(), part.charset)
        (texts.html if kind == "text/html" else texts.plain).append(text)
    elif kind in SEALED and (inner := cms.signed_content(part.content())) is not None:
        _signed(inner, part.depth, found, texts, splitter)
    else:
        _other(part, found, texts.plain)


def _signed(inner: bytes, depth: int, found: Mail, texts: Texts, splitter: Splitter) -> None:
    """What stands inside a signature is read as if it stood there plainly."""
    if depth > DEEPEST_SIGNED:
        splitter.cut = True
        return
    _collect(splitter.part(inner, depth + 1), found, texts, splitter)


def _is_named_file(part: Part) -> bool:
    """A text part with a file name is an attachment, unless it is the mail's own body."""
    return bool(part.name) and part.depth > 0


def _alternative(parts: Sequence[Part], found: Mail, texts: Texts, splitter: Splitter) -> None:
    """All of them, but an empty text gives way to another."""
    texts.alternative = True
    for part in parts:
        if part.kind in OTHER_VIEWS:
            continue
        if part.kind == "text/calendar":
            texts.plain += [words] if (words := _invitation(part, found.language)) else []
        else:
            _collect(part, found, texts, splitter)


def _forwarded(part: Part, found: Mail, texts: Texts, splitter: Splitter) -> None:
    """A mail inside the mail: its words below those of the one that carries it, its files with the others."""
    inner = splitter.part(part.content(), part.depth + 1)
    if part.depth > 8:
        splitter.cut = True
        return
    lines = [f"{words.say(found.language)}{header(inner.head, name)}" for name, words in FORWARDED_HEAD]
    inside = Texts()
    _collect(inner, found, inside, splitter)
    body = "\n".join(filter(None, inside.plain)) or "\n".join(cleaning.cleaned(each).text for each in inside.html)
    texts.plain.append("\n".join([FORWARDED.say(found.language), *lines, "", body]))


def _other(part: Part, found: Mail, plain: list[str]) -> None:
    """What is neither text nor a mail: calendars, signatures, encrypted parts, winmail.dat, files."""
    kind, content = part.kind, part.content()
    if kind == "text/calendar" and (words := _invitation(part, found.language)):
        plain.append(words)
    if kind in ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"):
        return
    if kind in (*SEALED, "application/pgp-encrypted") and not part.name.endswith(".p7s"):
        found.notes += [ENCRYPTED] if ENCRYPTED not in found.notes else []
        return
    if (kind in ("application/ms-tnef", "application/vnd.ms-tnef") or part.name.lower() == "winmail.dat") and (
        box := tnef.opened(content)
    ):
        words = box.body or cleaning.cleaned(box.html).text
        plain += [words] if words.strip() and not any(map(str.strip, plain)) else []
        _keep(found, [File(name, data) for name, data in box.files])
        return
    if content.strip():
        inline = bool(part.content_id) and (part.disposition != "attachment" or kind.startswith("image/"))
        _keep(found, [File(part.name or _named(kind, found.language), content, part.content_id, inline)])


def _keep(found: Mail, files: Sequence[File]) -> None:
    room = MOST_FILES - len(found.files)
    found.files += files[:room]
    if len(files) > room and TOO_MUCH not in found.notes:
        found.notes.append(TOO_MUCH)


def _named(kind: str, language: str) -> str:
    """A name for a part without one."""
    endings = {
        "text/plain": "txt",
        "text/html": "html.txt",
        "text/calendar": "ics",
        "application/ms-tnef": "dat",
        "image/jpeg": "jpg",
        "application/pdf": "pdf",
    }
    return f"{UNNAMED.say(language)}.{endings.get(kind, kind.rpartition('/')[2][:10])}"


def _invitation(part: Part, language: str) -> str:
    """A calendar's event in words. Its lines are folded by bytes, also in the middle of a character."""
    whole = re.sub(rb"\r?\n[ \t]", b"", part.content()[: 4 * LONGEST_TEXT])
    event = EVENT.search(whole)
    text = decode(event[0] if event else whole, part.charset)
    fields = {
        name: re.sub(r"\\([,;\\])", r"\1", value.replace("\\n", " ")).strip()
        for name, value in FIELDS.findall(text[:LONGEST_TEXT])
    }
    if "SUMMARY" not in fields and "DTSTART" not in fields:
        return ""
    method = re.search(rb"(?mi)^METHOD:([A-Z]+)", whole[:4096])
    kind = INVITATIONS.get(method[1].decode().upper() if method else "", INVITATIONS["REQUEST"])
    moments = [_moment(fields[name]) for name in ("DTSTART", "DTEND") if fields.get(name)]
    said = [fields.get("SUMMARY", ""), " - ".join(moments), fields.get("LOCATION", "")]
    return f"{kind.say(language)} {('，' if language == 'zh' else ', ').join(filter(None, said))}"


def _moment(value: str) -> str:
    """20250303T093000Z as 2025-03-03 09:30 UTC; shown as written, in whatever zone it was meant."""
    found = re.match(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d*(Z?))?", value)
    if found is None:
        return value[:20]
    year, month, day, hour, minute, utc = found.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "") + (" UTC" if utc else "")
