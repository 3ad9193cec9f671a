"""A mail as it was sent stands in a frame that can do nothing and fetches nothing until it is asked to."""

from __future__ import annotations

import pytest

from zhike.channels.email.framing import framed, pictures_elsewhere, public_address
from zhike.channels.email.parsing import Mail, parse
from zhike.channels.email.tests.letters import PNG, headed, part, parts


def html(words: str) -> Mail:
    return parse(headed("Content-Type: text/html; charset=utf-8", body=words.encode()))


def body(mail: Mail, *, fetch: bool = False) -> str:
    return framed(mail, fetch=fetch).document.partition("<body>")[2].removesuffix("</body></html>")


def test_looks_stay_and_what_acts_goes() -> None:
    mail = html(
        '<style>p{color:blue}</style><p style="color:red;position:fixed;background-image:url(https://t.example.com/x)" onclick="x()">hi</p>'
        '<script>alert(1)</script><form action="/x"><input name="a"></form><base href="https://t.example.com">'
        '<meta http-equiv="refresh" content="0;url=https://t.example.com"><iframe src="https://t.example.com"></iframe>'
        '<a href="javascript:alert(2)">j</a><a href="https://e.example.com">k</a>'
    )
    assert body(mail) == (
        '<p style="color:red">hi</p><a target="_blank" rel="noopener noreferrer nofollow">j</a>'
        '<a href="https://e.example.com" target="_blank" rel="noopener noreferrer nofollow">k</a>'
    )


def test_pictures_elsewhere_are_left_there_until_the_reader_asks() -> None:
    mail = html('<img src="http://t.example.com/p.gif" alt="x" srcset="https://t.example.com/q.gif 2x">')
    assert (body(mail), pictures_elsewhere(mail)) == ('<img alt="x">', 1)
    assert body(mail, fetch=True) == '<img src="https://t.example.com/p.gif" alt="x">'


def test_the_frame_may_fetch_only_what_was_asked_for_and_run_nothing() -> None:
    mail = html('<img src="https://t.example.com/p.gif">')
    closed, opened = framed(mail, fetch=False).policy, framed(mail, fetch=True).policy
    for policy in (closed, opened):
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "sandbox allow-popups allow-popups-to-escape-sandbox;" in policy
        assert "allow-same-origin" not in policy
    assert "img-src data:;" in closed
    assert "img-src data: https:;" in opened


@pytest.mark.parametrize(
    "address",
    [
        "https://192.168.1.1/reboot",
        "http://127.0.0.1/", "https://[::1]/", "https://127.1/", "https://0x7f000001/", "https://2130706433/",
        "https://0300.0250.1.1/", "https://router/", "https://db.internal/", "https://x.localhost/", "https://printer.lan./",
        "https://t.example.com:8443/", "https://me@t.example.com/", "file:///etc/passwd",
        "ftp://t.example.com/x", "//[", "data:image/svg+xml,x",
    ],
)  # fmt: skip
def test_an_address_inside_a_house_is_never_fetched(address: str) -> None:
    assert public_address(address) is None
    assert body(html(f'<img src="{address}" alt="x">'), fetch=True) == '<img alt="x">'


def test_pictures_that_came_along_stand_in_the_document_by_what_they_are() -> None:
    page = part("text/html", b'<img src="cid:p@x"><img src="cid:q@x" alt="q"><img src="cid:gone" alt="gone">')
    picture = part("image/svg+xml", PNG, "Content-ID: <p@x>", "Content-Disposition: inline", how="base64")
    no_picture = part(
        "image/png", b"<svg onload='x()'/>", "Content-ID: <q@x>", "Content-Disposition: inline", how="base64"
    )
    shown = body(parse(parts(page, picture, no_picture, kind="related")))
    assert shown.startswith('<img src="data:image/png;base64,iVBOR')
    assert shown.endswith('<img alt="q"><img alt="gone">')


def test_a_subject_is_no_part_of_the_page() -> None:
    raw = headed("Subject: </title><script>alert(1)</script>", "Content-Type: text/html", body=b"x")
    assert "<script>" not in framed(parse(raw), fetch=False).document
