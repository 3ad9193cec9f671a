"""Files of a mail into the house's own store; what is not taken is told with its reason instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from zhike.channels.email.parsing import File
from zhike.handbook.common import Text
from zhike.org.principals import ANONYMOUS
from zhike.records.attachments import AttachmentRefused, Limits, store_attachment

LIMITS = Limits(bytes=25 * 1024 * 1024)
"""A file of a mail may be larger than one sent through a form: providers take 20 to 50 MB."""
NOT_TAKEN = Text(
    zh="附件没有收下：{why}原始邮件里还有它。", en="A file was not taken: {why} The raw mail still holds it."
)
HELD = Text(zh="“{name}”没有通过安全检查。", en="“{name}” did not pass the safety check.")


@dataclass
class Carried:
    """What was stored of a mail's files."""

    tokens: list[str] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    """Content id to token, of pictures inside the text."""
    notes: list[Text] = field(default_factory=list)


def carry(files: Sequence[File], *, now: dt.datetime) -> Carried:
    """Store them, in the caller's transaction; bound to the message by whoever receives it."""
    found = Carried()
    for file in files:
        try:
            stored = store_attachment(file.content, file.name, by=ANONYMOUS, now=now, limits=LIMITS)
        except AttachmentRefused as refused:
            found.notes.append(_not_taken(refused.words))
            continue
        if stored.held:
            found.notes.append(
                _not_taken(Text(zh=HELD.zh.format(name=stored.name), en=HELD.say("en").format(name=stored.name)))
            )
            continue
        found.tokens.append(stored.token)
        if file.content_id:
            found.pictures[file.content_id] = stored.token
    return found


def _not_taken(why: Text) -> Text:
    return Text(zh=NOT_TAKEN.zh.format(why=why.zh), en=NOT_TAKEN.say("en").format(why=why.say("en")))
