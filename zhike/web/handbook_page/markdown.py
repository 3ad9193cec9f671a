"""handbook.md as HTML: the small part of Markdown that handbooks are written in.

Headings, paragraphs, lists (nested by indentation), tables, quotations, rules, `code`, **bold**, *emphasis*. Links are
shown as their words: a handbook leads nowhere else. What a person wrote is escaped before any tag is made; a cleaner
goes over the result all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape

import nh3

TAGS = {
    "p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "hr", "br",
    "h2", "h3", "h4", "h5", "h6", "pre", "code", "strong", "em", "mark", "div",
}  # fmt: skip
ATTRIBUTES = {"mark": {"data-clause"}, "div": {"class"}, "ol": {"start"}}
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
ITEM = re.compile(r"^(\s*)([-*+]|\d+[.)])\s+(.*)$")
RULE = re.compile(r"^\s*([-*_])(\s*\1){2,}\s*$")
TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$")
INLINE = (
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\*\*(.+?)\*\*|__(.+?)__"), lambda m: f"<strong>{m[1] or m[2]}</strong>"),
    (re.compile(r"(?<![\w*])\*([^*\s][^*]*?)\*(?![\w*])"), r"<em>\1</em>"),
)
CODE = re.compile(r"`([^`]+)`")
OPENS, CLOSES, ENDS = "\ue000", "\ue001", "\ue002"
"""Private characters that stand for a mark until everything is escaped: OPENS id ENDS ... CLOSES."""
GAP = r"[*_`\s]*"
"""What may stand between two characters of a quote without changing it, as `handbook.text.stands_in` has it."""


def render(text: str, quotes: Mapping[str, str] | None = None) -> str:
    """Safe HTML of `text`. `quotes` ({clause id: quote}) are marked where found: `<mark data-clause="WARN-05">`."""
    prepared = _with_marks(_plain(text), quotes or {})
    html = "\n".join(_blocks(prepared.splitlines()))
    html = re.sub(f"{OPENS}([^{ENDS}]*){ENDS}", r'<mark data-clause="\1">', html).replace(CLOSES, "</mark>")
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, clean_content_tags={"script", "style"})


def _plain(text: str) -> str:
    """Without the private characters used here, should somebody have typed them."""
    return text.translate({ord(c): None for c in OPENS + CLOSES + ENDS})


def _with_marks(text: str, quotes: Mapping[str, str]) -> str:
    for clause, quote in quotes.items():
        letters = [re.escape(c) for c in re.sub(r"[*_`\s]+", "", quote)]
        found = re.search(GAP.join(letters), text) if letters else None
        # A mark that would end within another block or another mark is left out.
        if found and not re.search(rf"\n\s*\n|\||[{OPENS}{CLOSES}]", found[0]):
            text = f"{text[: found.start()]}{OPENS}{clause}{ENDS}{found[0]}{CLOSES}{text[found.end() :]}"
    return text


def _inline(text: str) -> str:
    parts = CODE.split(escape(text, quote=True))
    return "".join(f"<code>{part}</code>" if at % 2 else _emphasis(part) for at, part in enumerate(parts))


def _emphasis(text: str) -> str:
    for pattern, replacement in INLINE:
        text = pattern.sub(replacement, text)
    return text


def _blocks(lines: list[str]) -> Iterable[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif line.lstrip().startswith("```"):
            end = _until(lines, at + 1, lambda text: text.lstrip().startswith("```"))
            yield f"<pre><code>{escape(chr(10).join(lines[at + 1 : end]))}</code></pre>"
            at = end + 1
        elif heading := HEADING.match(line):
            level = min(len(heading[1]) + 1, 6)
            yield f"<h{level}>{_inline(heading[2])}</h{level}>"
            at += 1
        elif RULE.match(line):
            yield "<hr>"
            at += 1
        else:
            end = _until(lines, at, _block_end(line))
            yield from _block(lines[at:end])
            at = end


def _until(lines: list[str], at: int, ends: Callable[[str], object]) -> int:
    while at < len(lines) and not ends(lines[at]):
        at += 1
    return at


def _block_end(first: str) -> Callable[[str], bool]:
    """Where a block that begins with this line ends: at a blank line, or where another kind of block begins."""

    def ends(line: str) -> bool:
        if not line.strip() or HEADING.match(line) or line.lstrip().startswith("```"):
            return True
        return _kind(line) != _kind(first) and not (_kind(first) == "list" and line.startswith((" ", "\t")))

    return ends


def _kind(line: str) -> str:
    if line.lstrip().startswith("|"):
        return "table"
    if line.lstrip().startswith(">"):
        return "quote"
    return "list" if ITEM.match(line) else "text"


def _block(lines: list[str]) -> Iterable[str]:
    match _kind(lines[0]):
        case "table":
            yield from _table(lines)
        case "quote":
            inner = [re.sub(r"^\s*>\s?", "", line) for line in lines]
            yield f"<blockquote>{''.join(_blocks(inner))}</blockquote>"
        case "list":
            yield "".join(_list(lines))
        case _:
            yield f"<p>{'<br>'.join(_inline(line.strip()) for line in lines)}</p>"


def _table(lines: list[str]) -> Iterable[str]:
    rows = [_cells(line) for line in lines if not TABLE_RULE.match(line)]
    has_head = len(lines) > 1 and bool(TABLE_RULE.match(lines[1]))
    head, body = (rows[:1], rows[1:]) if has_head else ([], rows)
    made = "".join(f"<thead><tr>{''.join(f'<th>{_inline(c)}</th>' for c in row)}</tr></thead>" for row in head)
    made += f"<tbody>{''.join(_row(row) for row in body)}</tbody>"
    yield f'<div class="zk-scroll"><table>{made}</table></div>'


def _row(cells: list[str]) -> str:
    return f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in cells)}</tr>"


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _list(lines: list[str]) -> Iterable[str]:
    """One list; lines indented deeper than its first item belong to the item above them."""
    first = ITEM.match(lines[0]) if lines else None
    if first is None:
        return
    depth, ordered = len(first[1]), first[2][0].isdecimal()
    start = first[2].rstrip(".)") if ordered else ""
    items: list[list[str]] = []
    for line in lines:
        found = ITEM.match(line)
        if found and len(found[1]) <= depth:
            items.append([found[3]])
        elif items:
            items[-1].append(line)
    opening = f'<ol start="{start}">' if ordered else "<ul>"
    yield f"{opening}{''.join(_item(item) for item in items)}{'</ol>' if ordered else '</ul>'}"


def _item(lines: list[str]) -> str:
    nested = next((at for at, line in enumerate(lines) if at and ITEM.match(line)), len(lines))
    words = " ".join(line.strip() for line in lines[:nested])
    return f"<li>{_inline(words)}{''.join(_list(lines[nested:]))}</li>"
