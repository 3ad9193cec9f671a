"""HTML of a mail: what may be shown of it, and its text. Nothing in it runs, nothing is fetched from elsewhere."""

from __future__ import annotations

import base64
import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

LONGEST = 1_000_000
"""Characters of HTML that are read; a mail with more is a mistake or a weapon, and its raw form is kept."""
TAGS = frozenset(
    "a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img"
    " ins kbd li mark ol p pre q s samp small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul".split()
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
GONE_WITH_CONTENT = {
    "script",
    "style",
    "head",
    "title",
    "noscript",
    "template",
    "svg",
    "math",
    "iframe",
    "object",
    "textarea",
    "select",
}
BLOCKS = frozenset(
    "p div tr table ul ol dl dt dd h1 h2 h3 h4 h5 h6 hr pre blockquote figure figcaption caption details summary li".split()
)
PARAGRAPHS = frozenset("p table ul ol dl h1 h2 h3 h4 h5 h6 hr pre blockquote figure details".split())
"""Blocks with a blank line around them; the others only begin a line."""
CLOSE_THEMSELVES = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li td th tr tbody thead tfoot dt dd option".split()
)
DEEPEST = 400
MOST_DATA = 20
_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]{0,40})")
_DATA = re.compile(r"""(src\s*=\s*)(["']?)data:(image/[\w.+-]{2,20});base64,([A-Za-z0-9+/=\s]{20,})\2""", re.IGNORECASE)
_SHOWN = re.compile(r'<img\b([^>]*)\bsrc="cid:([^"]*)"([^>]*)>')


@dataclass
class Cleaned:
    """HTML that may be stored, with pictures still as `cid:`."""

    html: str
    text: str
    blocked: int = 0
    """Pictures elsewhere that are not fetched: they would tell the sender who reads, and when."""
    pictures: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(content id, media type, content) of pictures that stood in the HTML itself."""
    cut: bool = False
    """Something was too deep to be read."""
    source: str = ""
    """The HTML as it came, cut to what is read, with the pictures that stood in it as `cid:`. Nothing is cleaned away."""


def cleaned(source: str) -> Cleaned:
    """Take out everything but structure, links and pictures that came along."""
    found = Cleaned("", "")
    lifted = _lift_data(_bounded(source[:LONGEST].replace("\0", ""), found), found)

    def judge(tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("img", "src") and not value.lower().startswith("cid:"):
            found.blocked += value.lower().startswith(("http:", "https:", "//", "ftp:"))
            return None
        return value[:2000]

    found.html = nh3.clean(
        lifted, tags=set(TAGS), attributes=ATTRIBUTES, attribute_filter=judge, clean_content_tags=GONE_WITH_CONTENT,
        url_schemes={"http", "https", "mailto", "tel", "cid"}, link_rel="noopener noreferrer nofollow", strip_comments=True,
    )  # fmt: skip
    found.text, found.source = text_of(found.html), lifted
    return found


def _bounded(source: str, found: Cleaned) -> str:
    """Cut where elements are opened and never closed by the thousand: a parser of HTML takes quadratic time for them."""
    depth = 0
    for tag in _TAG.finditer(source):
        if tag[2].lower() not in CLOSE_THEMSELVES:
            depth += -1 if tag[1] else 1
        if depth > DEEPEST:
            found.cut = True
            return source[: tag.start()]
    return source


def _lift_data(source: str, found: Cleaned) -> str:
    """Pictures written into the HTML become files like the others."""

    def lift(mark: re.Match[str]) -> str:
        if len(found.pictures) >= MOST_DATA:
            return f"{mark[1]}{mark[2]}{mark[2]}"
        name = f"data-{len(found.pictures) + 1}@html"
        coded = re.sub(r"[^A-Za-z0-9+/]", "", mark[4])
        coded = coded[:-1] if len(coded) % 4 == 1 else coded
        found.pictures.append((name, mark[3].lower(), base64.b64decode(coded + "=" * (-len(coded) % 4))))
        return f'{mark[1]}"cid:{name}"'

    return _DATA.sub(lift, source)


def with_files(cleaned_html: str, tokens: Mapping[str, str]) -> str:
    """Pictures by the token of their file; those that did not come along keep their words. `tokens`: content id to token."""

    def place(mark: re.Match[str]) -> str:
        token = tokens.get(entities.unescape(mark[2]).strip("<>"), "")
        others = mark[1] + mark[3]
        words = re.search(r'alt="([^"]*)"', others)
        alt = f' alt="{words[1] if words else ""}"'
        return f'<img data-file="{token}"{alt}>' if token else f"[{words[1]}]" if words and words[1] else ""

    return _SHOWN.sub(place, cleaned_html)


def text_of(clean_html: str) -> str:
    """The words of cleaned HTML, one line a block, a blank line around paragraphs, quotations with `>` before their lines.

    >>> text_of("<div>one</div><div><br></div><div>two<br></div><ul><li>a</li><li>b</li></ul><p>end</p>")
    'one\\n\\ntwo\\n\\n- a\\n- b\\n\\nend'
    """
    reader = _Reader()
    reader.feed(clean_html)
    reader.close()
    reader.end_line()
    return re.sub(r"\n(?:[> ]*\n){2,}", "\n\n", "\n".join(reader.lines)).strip()


class _Reader(HTMLParser):
    """Reads what nh3 wrote: well formed, so nothing in it takes long."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.now: list[str] = []
        """The line that is being read."""
        self.quotes = 0
        self.verbatim = 0
        self.link = ""
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.end_line(though_empty=True)
        elif tag in PARAGRAPHS:
            self._gap()
        elif tag in BLOCKS:
            self.end_line()
        self.quotes += tag == "blockquote"
        self.verbatim += tag == "pre"
        if tag == "li":
            self.now.append("- ")
        if tag in ("td", "th"):
            self.now.append(" ")
        if tag == "a":
            self.link, self.linked = dict(attrs).get("href") or "", []
        if tag == "img" and (alt := dict(attrs).get("alt")):
            self._say(f"[{alt}]")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.link.startswith("http"):
            words = "".join(self.linked)
            if self.link.rstrip("/") not in words:
                self.now.append(f" ({self.link})" if words.isascii() else f"（{self.link}）")
            self.link = ""
        if tag in BLOCKS:
            self.end_line()
        self.quotes -= tag == "blockquote" and self.quotes > 0
        self.verbatim -= tag == "pre" and self.verbatim > 0
        if tag in PARAGRAPHS:
            self._gap()

    def handle_data(self, data: str) -> None:
        if not self.verbatim:
            self._say(re.sub(r"\s+", " ", data))
            return
        first, *others = data.split("\n")
        self._say(first)
        for line in others:
            self.end_line(though_empty=True)
            self._say(line)

    def _say(self, words: str) -> None:
        self.now.append(words)
        self.linked.append(words)

    def end_line(self, *, though_empty: bool = False) -> None:
        """The next word begins a line; an empty one counts only where it was meant."""
        words = "".join(self.now)
        line = words.rstrip() if self.verbatim else re.sub(r"[ \t\xa0]+", " ", words).strip()
        self.now = []
        if line or though_empty:
            self.lines.append(f"{'> ' * min(self.quotes, 5)}{line}".rstrip())

    def _gap(self) -> None:
        self.end_line()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(("> " * min(self.quotes, 5)).rstrip())
