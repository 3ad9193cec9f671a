"""Where a visitor was on the site is shown to whom the clause names, for as long as it says."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, PageView
from zhike.conversations.refusals import NotVisible
from zhike.conversations.tests.ground import asked, at, inbox_of, installed, person
from zhike.conversations.trails import kept_since, may_see_trail, trail_of
from zhike.journal.models import ClauseUse, Fact
from zhike.org.handbooks import book_of

pytestmark = pytest.mark.django_db

WHO: dict[str, Any] = {
    "kind": "visibility", "id": "TALK-21", "title": "示例轨迹", "cites": "1", "quote": "示例", "of": "page_trail", "keep": "90d",
    "to": [{"role": "agent", "person": "conversation.owner"}, {"role": "lead"}],
    "refuse": {"zh": "轨迹不给您看。", "en": "The trail is not for you."},
}  # fmt: skip


def visited() -> Conversation:
    conversation = asked(inbox_of(), when="03-03 10:03")
    for title, when in (("首页", "03-03 10:00"), ("价格页", "03-03 10:06")):
        PageView.objects.create(
            address=conversation.address, url="https://shop.example/", title=title, entered_at=at(when)
        )
    return conversation


def test_whoever_has_the_conversation_and_his_superior_see_it_in_order() -> None:
    installed(WHO)
    conversation, one, boss = visited(), person("jia"), person("boss", "lead")
    accept(conversation, one, now=at("03-03 10:04"))
    conversation.refresh_from_db()
    found = trail_of(conversation, one, now=at("03-03 10:07"))
    assert [(page.title, page.during, page.gap) for page in found] == [("首页", False, True), ("价格页", True, False)]
    assert len(trail_of(conversation, boss, now=at("03-03 10:07"))) == 2


def test_a_colleague_is_refused_and_his_attempt_is_written_down() -> None:
    installed(WHO)
    conversation, one, other = visited(), person("jia"), person("yi")
    accept(conversation, one, now=at("03-03 10:04"))
    conversation.refresh_from_db()
    assert not may_see_trail(conversation, other, now=at("03-03 10:07"))
    with pytest.raises(NotVisible, match="轨迹不给您看"):
        trail_of(conversation, other, now=at("03-03 10:07"))
    assert ClauseUse.objects.get(clause="TALK-21").outcome == "refused"
    assert Fact.objects.get(type="conversation.trail_refused").actor == other.principal


def test_it_is_kept_as_long_as_the_clause_says() -> None:
    version = installed(WHO)
    assert kept_since(book_of(version.pk), at("06-01 10:05")) == at("03-03 10:05")
