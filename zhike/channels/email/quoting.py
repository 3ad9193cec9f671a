"""What somebody wrote now, and what he quoted: the second is kept and folded away."""

from __future__ import annotations

import re

MOST_LINES = 20_000
_INTRODUCES = re.compile(
    r"""^[ \t>]*(?:
        -{2,}[ ]?(?:Original[ ]Message|原始邮件|原邮件|原始信件|回复邮件)[ ]?-{2,}
      | -{4,}\s*(?:Original|原始邮件|回复的原邮件|Replied[ ]Message)\s*-{4,}
      | (?:On|At)[ ].{6,200}(?:wrote|写道)\s*[:：]
      | .{0,120}(?:于|在)\s*\d{2,4}[年/.-].{0,160}写道\s*[:：]
      | \d{4}[年/.-].{4,160}写道\s*[:：]
      | (?:Am|Le)[ ].{6,160}(?:schrieb|a[ ]écrit)\s.{0,80}[:：]
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_SENDER = re.compile(r"^[ \t>*]*(?:From|发件人|寄件者|寄件人)\s*[:：]\**", re.IGNORECASE)
_BESIDE_SENDER = re.compile(
    r"^[ \t>*]*(?:Sent|Date|To|Subject|发送时间|发送日期|日期|时间|收件人|主题|寄件日期|收件者|主旨)\s*[:：]",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"^[ \t>]*-{2,}\s*(?:Forwarded (?:message|by)|转发的?邮件|转发邮件信息|轉寄的郵件).{0,60}$", re.IGNORECASE
)


def split(text: str) -> tuple[str, str]:
    """(what is new, what is quoted). Answers written between or below the quotes, and forwarded mails, stay whole.

    >>> split("好的。\\n\\n在 2025年3月3日，示例甲 <a@b.example> 写道：\\n> 您好")
    ('好的。', '在 2025年3月3日，示例甲 <a@b.example> 写道：\\n> 您好')
    """
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], "\n".join(lines[MOST_LINES:])]
    begin = _begins(lines)
    if begin is None:
        return text.strip(), ""
    fresh = "\n".join(lines[:begin]).strip()
    quoted = "\n".join(lines[begin:]).strip()
    if not fresh or _answers_inside(lines[begin:]):
        return text.strip(), ""
    return fresh, quoted


def _begins(lines: list[str]) -> int | None:
    """The line with which the quotation begins, None without one."""
    for number, line in enumerate(lines):
        if len(line) > 400:
            continue
        if _FORWARDED.match(line):
            return None
        if _INTRODUCES.match(line) or _wrapped(lines, number):
            return number
        if _SENDER.match(line) and _is_block(lines, number):
            ruled = number and re.fullmatch(r"[ \t>]*[_=-]{5,}\s*", lines[number - 1])
            return number - 1 if ruled else number
    return _last_block(lines)


def _wrapped(lines: list[str], number: int) -> bool:
    """The introduction broken over two lines: `On Mon ... <a@` / `b.example> wrote:`."""
    if not re.match(r"^[ \t>]*(?:On|At|在|于)[ \d]", lines[number]) or number + 1 >= len(lines):
        return False
    return len(lines[number + 1]) < 200 and bool(_INTRODUCES.match(f"{lines[number]} {lines[number + 1].strip()}"))


def _is_block(lines: list[str], number: int) -> bool:
    """`发件人：` with at least two of its companions in the lines below."""
    return sum(bool(_BESIDE_SENDER.match(line[:200])) for line in lines[number + 1 : number + 9]) >= 2


def _last_block(lines: list[str]) -> int | None:
    """Where the last lines all begin with `>`."""
    number = len(lines)
    while number and (not lines[number - 1].strip() or lines[number - 1].lstrip().startswith(">")):
        number -= 1
    return number if any(line.lstrip().startswith(">") for line in lines[number:]) else None


def _answers_inside(quoted: list[str]) -> bool:
    """Whether lines of his own follow marked ones: he answered point by point."""
    marked = [number for number, line in enumerate(quoted) if line.lstrip().startswith(">")]
    if not marked:
        return False
    return any(line.strip() and not line.lstrip().startswith(">") for line in quoted[marked[0] :])
