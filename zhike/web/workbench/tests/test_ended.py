"""Ended conversations are found again, by whoever may see them, a page at a time."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.conversations.actions import Incoming, close, receive, say
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Inbox
from zhike.conversations.tests.ground import inbox_of, person
from zhike.org.principals import Viewer
from zhike.web.workbench.tests.test_pages import NOW, browser, ground, nine_o_clock

__all__ = ["nine_o_clock"]
pytestmark = pytest.mark.django_db


def over(inbox: Inbox, viewer: Viewer, words: str, who: str, minutes: int = 0) -> Conversation:
    """A conversation this agent had, ended so many minutes later."""
    incoming = Incoming(address=who, key=f"{who}/{words}", words="请问", name=who)
    talk = accept(receive(inbox, incoming, now=NOW).conversation, viewer, now=NOW)
    say(talk, viewer, words=words, key=f"{who}-{words}", now=NOW)
    return close(talk, by=viewer.principal, now=NOW + dt.timedelta(minutes=minutes))


def numbers(page: str) -> list[str]:
    return re.findall(r'<span class="quiet">(C-[\d-]+)</span>', page)


def test_they_are_found_by_number_name_and_last_words_and_by_nothing_else() -> None:
    ground()
    anna, inbox = person("anna"), inbox_of()
    first = over(inbox, anna, "退货请寄到门店", "示例甲")
    second = over(inbox, anna, "明天九点开门", "示例乙", 1)
    client = browser(anna)
    assert numbers(client.get("/conversations/ended").text) == [second.number, first.number]
    for q, found in (
        (first.number, [first.number]), (first.number[:4], [second.number, first.number]), ("示例甲", [first.number]),
        ("九点", [second.number]), ("寄", [first.number]), ("没说过", []), ("%", []), ("C-9", []),
    ):  # fmt: skip
        assert numbers(client.get("/conversations/ended", {"q": q}).text) == found, q
    assert "没有找到会话" in client.get("/conversations/ended", {"q": "没说过"}).text


def test_ones_own_and_one_medium_alone() -> None:
    ground()
    anna, bert, inbox = person("anna"), person("bert"), inbox_of()
    own, other = over(inbox, anna, "九点", "示例甲"), over(inbox, bert, "十点", "示例乙", 1)
    client = browser(anna)
    assert numbers(client.get("/conversations/ended", {"mine": "1"}).text) == [own.number]
    assert numbers(client.get("/conversations/ended", {"medium": "webchat"}).text) == [other.number, own.number]
    assert numbers(client.get("/conversations/ended", {"medium": "sms"}).text) == []
    assert numbers(client.get("/conversations/ended", {"medium": "nothing"}).text) == [other.number, own.number]


def test_what_is_not_for_him_or_still_runs_is_not_there() -> None:
    ground()
    anna, stranger, inbox = person("anna"), person("stranger", "outsider"), inbox_of()
    talk = over(inbox, anna, "九点", "示例甲")
    receive(inbox, Incoming(address="v2", key="v2", words="九点吗"), now=NOW)
    assert numbers(browser(anna).get("/conversations/ended", {"q": "九点"}).text) == [talk.number]
    assert numbers(browser(stranger).get("/conversations/ended").text) == []
    assert numbers(browser(stranger).get("/conversations/ended", {"q": talk.number}).text) == []


def test_each_stands_on_one_page_and_pages_ask_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhike.web.workbench.ended.PAGE", 4)
    ground()
    anna, inbox = person("anna"), inbox_of()
    made = [over(inbox, anna, f"第{n}个", f"示例{n}", n // 2).number for n in range(7)]
    client = browser(anna)
    first = client.get("/conversations/ended")
    following = re.search(r'href="(\?after=[^"]+)" rel="next"', first.text)
    assert following is not None
    with CaptureQueriesContext(
        connection,
    ) as asked:
        second = client.get(f"/conversations/ended{following[1].replace('&amp;', '&')}")
    assert [*numbers(first.text), *numbers(second.text)] == made[::-1]
    assert 'rel="next"' not in second.text
    assert len(asked) <= 8


@pytest.mark.parametrize("after", ["x", "2025-03-03T09:00:00/1", "2025-03-03T09:00:00+08:00/x", "/", "2025/1"])
def test_an_address_that_names_no_place_begins_at_the_beginning(after: str) -> None:
    ground()
    talk = over(inbox_of(), person("anna"), "九点", "示例甲")
    assert numbers(browser(person("bert")).get("/conversations/ended", {"after": after}).text) == [talk.number]
