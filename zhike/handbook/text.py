"""handbook.md: its numbered sections, and whether a quote stands in one word for word."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_CHINESE = "零〇一二三四五六七八九十百"
_NUMBER = re.compile(
    rf"^((?:[a-z][a-z0-9-]*/)?(?:第[{_CHINESE}\d]+[条章节款]|附(?:件|表|录)?[{_CHINESE}\d]+"
    rf"|[A-Z]?\d+(?:\.\d+)*[a-z]?|[{_CHINESE}]+))"
    rf"((?:[(\uff08][{_CHINESE}\d]+[)\uff09]|\d+)*)[.、\uff0e:\uff1a]?(?:\s+|$)(.*)$"
)
_SENTENCE = re.compile("[^。！？]+[。！？”]*")
_MARKS = re.compile(r"[*_`\s]+")


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered section: `number` as clauses cite it, its heading's words, the text up to the next numbered
    heading.
    """

    number: str
    title: str
    body: str
    line: int
    """Line of its heading in handbook.md, from 1."""
    level: int


def read_sections(text: str) -> tuple[Section, ...]:
    """The numbered sections in order. `## 3.2 审核` is section `3.2`; `## 第三条 审核` is `第三条`; `## 附件1 表格`
    is `附件1`.

    A heading without a number belongs to the section it stands in.
    """
    found: list[tuple[str, str, int, int, list[str]]] = []
    fenced = False
    for line_number, line in enumerate(text.splitlines(), start=1):
        fenced ^= line.startswith("```")
        heading = None if fenced else _HEADING.match(line)
        number = _NUMBER.match(heading[2]) if heading else None
        if heading and number:
            found.append((number[1] + number[2], number[3].strip(), line_number, len(heading[1]), []))
        elif found:
            found[-1][4].append(line)
    return tuple(
        Section(number, title, "\n".join(body).strip(), line, level) for number, title, line, level, body in found
    )


def prefixed(text: str, name: str) -> str:
    """The text of a handbook that another one builds on: its section `3.2` becomes `name/3.2`."""
    lines = text.splitlines()
    for section in read_sections(text):
        marks, _, heading = lines[section.line - 1].partition(" ")
        lines[section.line - 1] = f"{marks} {name}/{heading.strip()}"
    return "\n".join(lines)


def stands_in(quote: str, body: str) -> bool:
    """Whether the quote stands in the text word for word. Line breaks, spaces and emphasis marks do not count."""
    return _MARKS.sub("", quote) in _MARKS.sub("", body)


def sentences(body: str) -> list[str]:
    """A section's body sentence by sentence, each with its full stop; a line of a list or table is one of its own."""
    return [found for line in body.splitlines() for found in _SENTENCE.findall(line.strip()) if found.strip()]
