"""A mail's HTML as its sender meant it to look, as a document for a frame that can do nothing.

Three locks, each enough by itself: what is cleaned away here; the policy of the answer (no script, no form, pictures only from
where `sources` says); the sandbox, in which the document has no origin and so none of the reader's cookies. Pictures that came
along stand in the document itself. Pictures elsewhere tell their sender who reads, and when: they are left out until the reader
asks for them, and then only from public names, over TLS.
"""

from __future__ import annotations

import base64
import html as entities
import io
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3

from zhike.channels.email import cleaning
from zhike.channels.email.parsing import Mail
from zhike.lib.images import NotAPicture, verify_picture

MOST_CARRIED = 12 * 1024 * 1024
"""Bytes of pictures that are written into the document; those behind keep their words."""
TAGS = set(cleaning.TAGS) | {"center", "font"}
LOOKS = {
    "align", "background-color", "bgcolor", "border", "cellpadding", "cellspacing", "color", "dir", "face", "height", "lang", "size",
    "style", "valign", "width",
}  # fmt: skip
ATTRIBUTES = cleaning.ATTRIBUTES | {"*": LOOKS}
STYLES = set(
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right border-spacing border-style"
    " border-top border-width color direction display font font-family font-size font-style font-weight height letter-spacing line-height"
    " list-style-type margin margin-bottom margin-left margin-right margin-top max-width min-width padding padding-bottom padding-left"
    " padding-right padding-top table-layout text-align text-decoration text-indent text-transform vertical-align white-space width"
    " word-break word-wrap".split()
)
OURS_ALONE = (".local", ".localhost", ".internal", ".lan", ".home", ".intranet", ".corp", ".arpa", ".onion")
"""Names that lead into a house rather than out of it."""
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {sources}; form-action 'none'; base-uri 'none';"
    " sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
)
PAGE = (
    '<!DOCTYPE html><html><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title><style>"
    "body{{margin:12px;background:#fff;color:#1d2125;font:15px/1.6 system-ui,sans-serif;overflow-wrap:anywhere}}"
    "img{{max-width:100%;height:auto}}table{{max-width:100%}}"
    "blockquote{{border-left:3px solid #c9ced6;margin:8px 0;padding-left:12px}}"
    "pre{{white-space:pre-wrap}}</style></head><body>{body}</body></html>"
)


Pictures = Callable[[str], str | None]
"""Content id to the picture, where it came along."""


@dataclass(frozen=True, slots=True)
class Framed:
    document: str
    policy: str
    """For the answer's Content-Security-Policy."""


def framed(mail: Mail, *, fetch: bool) -> Framed:
    """The document. `fetch`: the reader asked for the pictures elsewhere."""
    body, _ = _cleaned(mail, _carried(mail), fetch=fetch)
    document = PAGE.format(title=entities.escape(mail.subject), body=body)
    return Framed(document, POLICY.format(sources="data: https:" if fetch else "data:"))


def pictures_elsewhere(mail: Mail) -> int:
    """How many there are that could be fetched if the reader asks."""
    return _cleaned(mail, lambda _: None, fetch=False)[1]


def _cleaned(mail: Mail, carried: Pictures, *, fetch: bool) -> tuple[str, int]:
    """(the HTML with its looks, the pictures elsewhere). The HTML that was stored has lost its looks, so it is cleaned anew."""
    elsewhere: list[str] = []

    def judge(tag: str, name: str, value: str) -> str | None:
        if (tag, name) != ("img", "src"):
            return value[:2000]
        if value.lower().startswith("cid:"):
            return carried(value[4:])
        if (address := public_address(value)) is not None:
            elsewhere.append(address)
            return address if fetch else None
        return None

    body = nh3.clean(
        mail.html_source, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=judge,
        clean_content_tags=cleaning.GONE_WITH_CONTENT, filter_style_properties=STYLES, strip_comments=True,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"}, link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )  # fmt: skip
    return body, len(elsewhere)


def public_address(source: str) -> str | None:
    """The picture's address over TLS where its host is a public name; None for numbers, names of a house, and everything else.

    >>> public_address("http://news.example.com/a.png")
    'https://news.example.com/a.png'
    >>> public_address("https://192.168.1.1/reboot") is public_address("//printer/x") is None
    True
    """
    text = re.sub(r"[\t\r\n]", "", source.strip())
    try:
        parts = urlsplit(f"https:{text}" if text.startswith("//") else text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.username or port not in (None, 80, 443):
        return None
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) or host.endswith(OURS_ALONE) or _is_number(host):
        return None
    return parts._replace(scheme="https", netloc=host).geturl()[:2000]


def _is_number(host: str) -> bool:
    """An address written in numbers, in any of the ways browsers understand."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(re.fullmatch(r"[0-9a-fx]+", host.rpartition(".")[2])) and host.rpartition(".")[2][:1].isdigit()
    return True


def _carried(mail: Mail) -> Pictures:
    """Content id to the picture itself, as `data:`; by what the bytes are, not by what the mail calls them."""
    pictures: Mapping[str, bytes] = {file.content_id: file.content for file in mail.files if file.content_id}
    room = [MOST_CARRIED]

    def found(identifier: str) -> str | None:
        content = pictures.get(identifier.strip("<>"), b"")
        if not content or len(content) > room[0]:
            return None
        try:
            kind = verify_picture(io.BytesIO(content)).media_type
        except NotAPicture:
            return None
        room[0] -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    return found
