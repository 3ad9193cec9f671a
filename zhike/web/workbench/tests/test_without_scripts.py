"""The screen of conversations in a browser that runs no scripts: every door leads somewhere, and every deed can be done."""

from __future__ import annotations

import re

import pytest

from zhike.conversations.handing import join
from zhike.conversations.models import Message
from zhike.conversations.tests.ground import asked, person
from zhike.web.workbench.tests.test_pages import NOW, TOPIC, browser, ground, known_inbox, nine_o_clock, taken

__all__ = ["nine_o_clock"]
pytestmark = pytest.mark.django_db
PAGE = {"Accept": "text/html,application/xhtml+xml"}


def test_what_was_said_and_who_it_is_stand_on_the_plain_page_at_once() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna, "请问几点开门")
    usual = browser(anna).get(f"/conversations/{talk.number}").text
    assert "data-message=" not in usual
    assert f"/conversations/{talk.number}?plain=1" in usual
    plain = browser(anna).get(f"/conversations/{talk.number}?plain=1").text
    assert "data-message=" in plain
    assert "还不知道是哪位顾客" in plain


def test_an_answer_sent_as_a_form_comes_back_to_the_page() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna)
    answer = browser(anna).post(f"/conversations/{talk.number}/say", {"words": "九点"}, headers=PAGE)
    assert (answer.status_code, answer["Location"]) == (302, f"/conversations/{talk.number}?plain=1")
    assert "九点" in browser(anna).get(answer["Location"]).text
    assert Message.objects.filter(words="九点").count() == 1


def test_every_button_that_fetches_a_form_is_a_link_and_every_deed_a_form_of_its_own() -> None:
    ground(TOPIC)
    anna, bert = person("anna"), person("bert")
    lead = person("lead", "lead")
    talk = taken(anna)
    join(talk, anna, bert.staff, now=NOW)  # type: ignore[arg-type]
    waiting = asked(known_inbox(), "还有一位", who="another")
    for viewer in (anna, bert, lead):
        page = browser(viewer).get(f"/conversations/{talk.number}?plain=1").text
        head = page[page.index('id="wb-head"') : page.index("</header>", page.index('id="wb-head"'))]
        for tag in re.findall(r"<(?:a|button)\b[^>]*hx-(?:get|post)=[^>]*>", head):
            way = r'href="' if tag.startswith("<a") else r'type="submit" form="wb-plain"[^>]* formaction="'
            assert re.search(way + "/conversations/", tag), tag
    row = browser(bert).get("/conversations").text
    assert f'form="wb-plain" formaction="/conversations/{waiting.number}/accept"' in row
    assert browser(bert).post(f"/conversations/{waiting.number}/accept").status_code == 302


def test_a_colleague_who_helps_is_let_go_by_the_button_alone() -> None:
    ground()
    anna, bert = person("anna"), person("bert")
    talk = taken(anna)
    join(talk, anna, bert.staff, now=NOW)  # type: ignore[arg-type]
    answer = browser(anna).post(f"/conversations/{talk.number}/invite", {"leaves": str(bert.staff.pk)})  # type: ignore[union-attr]
    talk.refresh_from_db()
    assert (answer.status_code, talk.collaborators) == (302, [])
