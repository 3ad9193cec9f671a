"""The one script a site includes: small, for any site, and without anything a strict policy would forbid."""

from __future__ import annotations

import pytest
from django.test import Client

from zhike.web.webchat.script import script

MOST = 40 * 1024


def test_the_widget_is_smaller_than_forty_kilobytes_with_its_styles() -> None:
    assert len(script().packed) < MOST
    assert b".launch" in script().plain


@pytest.mark.parametrize(
    "forbidden",
    [b"eval(", b"new Function", b"innerHTML", b"outerHTML", b"insertAdjacentHTML", b"document.write", b' style="'],
)
def test_nothing_typed_can_become_markup_or_code(forbidden: bytes) -> None:
    assert forbidden not in script().plain


@pytest.mark.django_db
def test_any_site_may_load_it_and_a_browser_that_has_it_is_told_so(client: Client) -> None:
    answer = client.get("/chat/widget.js", headers={"Accept-Encoding": "gzip", "Origin": "https://any.example"})
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert client.get("/chat/widget.js", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_both_languages_have_every_word() -> None:
    words = script().plain.decode().partition("const WORDS = {")[2].partition("\n};")[0]
    zh, _, en = words.partition("\nen: {")
    names = [{line.partition(":")[0] for line in part.splitlines() if line.endswith('",')} for part in (zh, en)]
    assert names[0] == names[1]
    assert len(names[0]) > 60
