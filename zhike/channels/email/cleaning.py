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
    """The words of cleaned HTML, one line a block, quotations with `>` before their lines."""
    reader = _Reader()
    reader.feed(clean_html)
    reader.close()
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(reader.found).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Reads what nh3 wrote: well formed, so nothing in it takes long."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.quotes = 0
        self.link = ""
        self.said = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "blockquote":
            self.quotes += 1
        if tag == "br" or tag in BLOCKS:
            self._break()
        if tag == "li":
            self.found.append("- ")
        if tag in ("td", "th"):
            self.found.append(" ")
        if tag == "a":
            self.link, self.said = dict(attrs).get("href") or "", len(self.found)
        if tag == "img" and (alt := dict(attrs).get("alt")):
            self.found.append(f"[{alt}]")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.link.startswith("http"):
            words = "".join(self.found[self.said :])
            if self.link.rstrip("/") not in words:
                self.found.append(f" ({self.link})" if words.isascii() else f"（{self.link}）")
            self.link = ""
        if tag == "blockquote":
            self.quotes = max(0, self.quotes - 1)
        if tag in BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        self.found.append(re.sub(r"\s+", " ", data))

    def _break(self) -> None:
        self.found.append("\n" + "> " * min(self.quotes, 5))
