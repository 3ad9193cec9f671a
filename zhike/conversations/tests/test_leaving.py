"""Who leaves hands over the conversations he answers for, with their limits; what is only offered to him goes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from zhike.clocks.models import Clock
from zhike.conversations.handing import accept, cover, offer
from zhike.conversations.models import Conversation
from zhike.conversations.rights import rights_in
from zhike.conversations.tests.ground import FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.conversations.written import book_for
from zhike.duties.models import Obligation
from zhike.journal.models import Fact
from zhike.lib import clock
from zhike.org.actions import OrgRefused
from zhike.org.holdings import holdings_of
from zhike.org.leaving import leave_staff
from zhike.org.models import Staff

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:00:10")
ANSWERED: dict[str, Any] = {
    "kind": "duty", "id": "TALK-02", "title": {"zh": "示例回音", "en": "Sample word back"}, "cites": "1", "quote": "示例",
    "for": "conversation", "starts": ["conversation.accepted"], "owes": ["conversation.told"], "holder": ["owner"], "within": "5m",
}  # fmt: skip


@pytest.fixture(autouse=True)
def ground() -> None:
    installed(FIRST_ANSWER)


def staff_of(username: str) -> Staff:
    return Staff.objects.get(username=username)


def now_of(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def let_go(who: str, heir: str = "") -> Staff:
    return leave_staff(staff_of(who), heir=staff_of(heir) if heir else None, by="staff:0", now=NOW)


def test_an_open_conversation_goes_to_the_successor_with_its_limit() -> None:
    anna, bert = person("anna"), person("bert")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    assert Clock.objects.get().holders == [anna.principal]
    (held,) = holdings_of(staff_of("anna"), NOW)["conversation"]
    assert (held.words.zh, held.principal, held.ends) == (f"{talk.number} · 示例咨询台", "talk:agent", False)
    assert holdings_of(staff_of("anna"), NOW)["clock"] == []
    let_go("anna", "bert")
    after = now_of(talk)
    assert (after.owner, after.state, Clock.objects.get().holders) == (bert.staff, "open", [bert.principal])
    assert rights_in(after, bert, book_for(after)).write
    told = Fact.objects.get(type="staff.left").payload["handed"]
    assert [(each["key"], each["to"]) for each in told] == [(f"conversation:{talk.pk}", bert.staff.pk)]  # type: ignore[union-attr]


def test_without_a_successor_who_answers_that_queue_nothing_happens() -> None:
    anna = person("anna")
    person("boss", "lead")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    for heir in ("", "boss"):
        with pytest.raises(OrgRefused) as refused:
            let_go("anna", heir)
        assert list(refused.value.problems) == [f"conversation:{talk.pk}"]
    assert (now_of(talk).owner, staff_of("anna").is_active) == (anna.staff, True)


def test_what_is_only_offered_to_him_waits_again_and_needs_nobody() -> None:
    anna = person("anna")
    talk = offer(asked(inbox_of()), anna.staff, now=NOW, until=None)  # type: ignore[arg-type]
    (held,) = holdings_of(staff_of("anna"), NOW)["conversation"]
    assert (held.ends, held.becomes is not None) == (True, True)
    let_go("anna")
    after = now_of(talk)
    assert (after.state, after.owner, after.offered_to) == ("waiting", None, None)


def test_what_he_was_handing_on_stays_offered_and_his_successor_answers_for_it_until_it_is_taken() -> None:
    anna, bert, carl = person("anna"), person("bert"), person("carl")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    offer(talk, carl.staff, now=NOW, until=None, by=anna.principal)  # type: ignore[arg-type]
    let_go("anna", "bert")
    after = now_of(talk)
    assert (after.state, after.owner, after.offered_to) == ("offered", bert.staff, carl.staff)
    assert Clock.objects.get().holders == [bert.principal]


def test_a_successor_to_whom_it_was_offered_anyway_has_taken_it() -> None:
    anna, bert = person("anna"), person("bert")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    offer(talk, bert.staff, now=NOW, until=None, by=anna.principal)  # type: ignore[arg-type]
    let_go("anna", "bert")
    assert (now_of(talk).state, now_of(talk).owner, now_of(talk).offered_to) == ("open", bert.staff, None)


def test_what_a_colleague_answers_in_his_place_is_the_colleagues_own_from_then_on() -> None:
    anna, bert = person("anna"), person("bert")
    talk = cover(accept(asked(inbox_of()), anna, now=NOW), bert, now=NOW)
    assert now_of(talk).covers_id == staff_of("anna").pk
    (held,) = holdings_of(staff_of("anna"), NOW)["conversation"]
    assert (held.ends, held.becomes and held.becomes.zh) == (True, "由现在答复的同事继续负责")
    let_go("anna")
    after = now_of(talk)
    assert (after.covers_id, after.owner, after.state) == (None, bert.staff, "open")


def test_what_he_owed_in_it_is_owed_by_his_successor() -> None:
    installed(FIRST_ANSWER, ANSWERED, version="2", effective="2025-01-02")
    anna, bert = person("anna"), person("bert")
    accept(asked(inbox_of()), anna, now=NOW)
    owed = Obligation.objects.filter(is_open=True)
    assert [row.holders for row in owed] == [[anna.principal]]
    let_go("anna", "bert")
    assert [row.holders for row in owed.all()] == [[bert.principal]]
    assert {tuple(each.holders) for each in Clock.objects.all()} == {(bert.principal,)}


def test_the_leaving_page_shows_them_and_hands_them_over() -> None:
    anna, bert = person("anna"), person("bert")
    admin = Staff.objects.create(username="admin", name="示例管理员", is_admin=True)
    inbox = inbox_of()
    talk = accept(asked(inbox), anna, now=NOW)
    offer(asked(inbox, who="visitor-2", key="k2"), anna.staff, now=NOW, until=None)  # type: ignore[arg-type]
    browser = Client()
    browser.force_login(admin)
    before = clock.install(lambda: NOW)
    try:
        address = f"/administration/staff/{anna.staff.pk}/leave"  # type: ignore[union-attr]
        page = browser.get(address).content.decode()
        assert [words in page for words in ("手里的会话", talk.number, "离职时回到原来的队列")] == [True] * 3
        assert browser.post(address).status_code == 422
        assert browser.post(address, {f"to_conversation:{talk.pk}": str(bert.staff.pk)}).status_code == 302  # type: ignore[union-attr]
    finally:
        clock.install(before)
    assert now_of(talk).owner == bert.staff
