"""Cases are linked by somebody who may see both, told on both, and followed by whoever may see them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.world import Cast, at, facts
from zhike.cases.actions import add_note
from zhike.cases.followers import follow_case, unfollow_case
from zhike.cases.links import around, link_cases, unlink_cases
from zhike.cases.models import Case, Follow, Link
from zhike.cases.refusals import Impossible, NotFound, NotYours, Unreadable
from zhike.notices.models import Notice
from zhike.notices.queries import unread
from zhike.org.actions import disable_staff, withdraw_role
from zhike.org.principals import SYSTEM

NINE = at("2025-06-10 09:00")


def notices(kind: str) -> list[tuple[list[str], str]]:
    return [(row.to, row.words["zh"]) for row in Notice.objects.filter(kind=kind).order_by("id")]


# Links


def test_a_link_is_told_on_both_cases_each_from_its_own_end(people: Cast) -> None:
    one, two = people.ticket(NINE), people.ticket(NINE)
    link_cases(one, two, "caused_by", by=people.agent, now=NINE)
    assert [(t.tie, t.number) for t in around(one, people.agent).links] == [("caused_by", two.number)]
    assert [(t.tie, t.number) for t in around(two, people.agent).links] == [("causes", one.number)]
    assert facts("case.linked", one)[0].payload == {"other": two.pk, "number": two.number, "kind": "caused_by"}
    assert facts("case.linked", two)[0].payload == {"other": one.pk, "number": one.number, "kind": "causes"}


def test_a_pair_has_one_link_from_whichever_end(people: Cast) -> None:
    one, two = people.ticket(NINE), people.ticket(NINE)
    link_cases(one, two, "related", by=people.agent, now=NINE)
    for first, second in ((one, two), (two, one)):
        with pytest.raises(Impossible):
            link_cases(first, second, "duplicate", by=people.agent, now=NINE)
    with pytest.raises(Impossible):
        link_cases(one, one, "related", by=people.agent, now=NINE)
    assert Link.objects.count() == 1


def test_a_link_wants_sight_of_both_ends(people: Cast) -> None:
    """The managers of two stores each see the warning of their own."""
    here, there = people.at_store(NINE, "store-1"), people.at_store(NINE, "store-3")
    for one, two in ((here, there), (there, here)):
        with pytest.raises(NotYours):
            link_cases(one, two, "related", by=people.manager, now=NINE)
    assert not Link.objects.exists()


def test_whoever_may_not_see_the_other_end_sees_no_link(people: Cast) -> None:
    here, there = people.at_store(NINE, "store-1"), people.at_store(NINE, "store-3")
    link = link_cases(here, there, "related", by=people.supervisor, now=NINE)
    assert [t.number for t in around(here, people.supervisor).links] == [there.number]
    assert around(here, people.manager).links == []
    with pytest.raises(NotFound):
        unlink_cases(here, link.pk, by=people.manager, now=NINE)


def test_a_link_is_ended_from_either_end_and_both_hear_of_it(people: Cast) -> None:
    one, two, three = (people.ticket(NINE) for _ in range(3))
    link = link_cases(one, two, "related", by=people.agent, now=NINE)
    with pytest.raises(NotFound):
        unlink_cases(three, link.pk, by=people.agent, now=NINE)
    unlink_cases(two, link.pk, by=people.colleague, now=NINE)
    assert around(one, people.agent).links == []
    assert [len(facts("case.unlinked", case)) for case in (one, two)] == [1, 1]


def test_everything_around_a_case_is_one_query(people: Cast) -> None:
    ticket = people.ticket(NINE)
    warning = people.warning(NINE, ticket=ticket)
    for _ in range(3):
        link_cases(ticket, people.ticket(NINE), "related", by=people.agent, now=NINE)
    follow_case(ticket, by=people.agent, now=NINE)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = around(ticket, people.agent)
    assert len(asked) == 1
    assert ([t.number for t in found.family], len(found.links), found.follows) == ([warning.number], 3, True)


# Following


def test_a_follower_hears_what_others_do_and_not_what_he_does(people: Cast) -> None:
    ticket = people.ticket(NINE)
    for who in (people.agent, people.colleague):
        follow_case(ticket, by=who, now=NINE)
    people.do(ticket, "note_handling", "agent", NINE, handling="示例：已致电。")
    assert notices("followed") == [([people.colleague.principal], f"{ticket.number} 办理了“记录处理过程”。")]


def test_following_twice_is_following_once_and_ends_at_once(people: Cast) -> None:
    ticket = people.ticket(NINE)
    for _ in range(2):
        follow_case(ticket, by=people.colleague, now=NINE)
    assert Follow.objects.count() == 1
    assert len(facts("case.followed", ticket)) == 1
    unfollow_case(ticket, by=people.colleague, now=NINE)
    add_note(ticket, "示例：备注。", by=people.agent, now=NINE)
    assert notices("followed") == []


def test_who_follows_is_told_to_nobody_else(people: Cast) -> None:
    ticket = people.ticket(NINE)
    follow_case(ticket, by=people.colleague, now=NINE)
    assert facts("case.followed", ticket)[0].audience == [people.colleague.principal]


@pytest.mark.parametrize("who", ["manager", "outsider", "disabled", "customer", "anonymous"])
def test_nobody_follows_what_he_may_not_see(people: Cast, who: str) -> None:
    warning = people.at_store(NINE, "store-3")
    with pytest.raises(NotYours):
        follow_case(warning, by=people.viewers[who], now=NINE)


def test_a_follower_who_may_no_longer_see_the_case_hears_nothing(people: Cast) -> None:
    ticket = people.ticket(NINE)
    for who in ("colleague", "followup"):
        follow_case(ticket, by=people.viewers[who], now=NINE)
    withdraw_role(people.staff["colleague"].assignments.get(), by=SYSTEM, now=NINE)
    disable_staff(people.staff["followup"], by=SYSTEM, now=NINE)
    add_note(ticket, "示例：备注。", by=people.agent, now=NINE)
    assert notices("followed") == []


# Mentions


def test_a_mention_tells_the_colleague(people: Cast) -> None:
    ticket = people.ticket(NINE)
    add_note(ticket, "请 @示例colleague，看一下录像。", by=people.agent, now=NINE)
    assert notices("mentioned") == [([people.colleague.principal], f"{ticket.number} 的备注提到了您。")]
    assert [notice.kind for notice in unread(people.colleague)] == ["mentioned"]
    assert facts("case.note_added", ticket)[-1].payload["mentions"] == [people.staff["colleague"].pk]


@pytest.mark.parametrize(
    "words", ["@示例colleague请看", "＠示例colleague：", "@COLLEAGUE 请看", "（@colleague）", "@示例colleague"]
)
def test_a_name_ends_where_it_ends(people: Cast, words: str) -> None:
    ticket = people.ticket(NINE)
    add_note(ticket, words, by=people.agent, now=NINE)
    assert [to for to, _ in notices("mentioned")] == [[people.colleague.principal]]


@pytest.mark.parametrize(
    "words", ["寄到 colleague@colleague.example", "@没有这个人 看看", "@ 示例colleague", "单价 3@5 元"]
)
def test_what_names_nobody_is_only_text(people: Cast, words: str) -> None:
    add_note(people.ticket(NINE), words, by=people.agent, now=NINE)
    assert notices("mentioned") == []


@pytest.mark.parametrize("who", ["outsider", "far_manager", "admin"])
def test_whoever_may_not_see_the_case_is_not_mentioned(people: Cast, who: str) -> None:
    warning = people.at_store(NINE, "store-1")
    with pytest.raises(Unreadable, match="看不到这张工单"):
        add_note(warning, f"@示例{who} 请看", by=people.supervisor, now=NINE)
    assert not warning.notes.exists()


def test_somebody_disabled_is_nobody(people: Cast) -> None:
    add_note(people.ticket(NINE), "@示例disabled 请看", by=people.agent, now=NINE)
    assert notices("mentioned") == []


def test_of_two_with_one_name_the_user_name_says_which(people: Cast) -> None:
    for who in ("colleague", "followup"):
        person = people.staff[who]
        person.name = "示例王芳"
        person.save(update_fields=["name"])
    ticket = people.ticket(NINE)
    with pytest.raises(Unreadable, match="@colleague、@followup"):
        add_note(ticket, "@示例王芳 请看", by=people.agent, now=NINE)
    add_note(ticket, "@followup 请看", by=people.agent, now=NINE)
    assert [to for to, _ in notices("mentioned")] == [[people.followup.principal]]


def test_the_customer_mentions_nobody_and_a_message_to_him_neither(people: Cast) -> None:
    ticket = people.ticket(NINE)
    add_note(ticket, "@示例colleague", by=people.customer, now=NINE, internal=False)
    add_note(ticket, "@示例colleague", by=people.agent, now=NINE, internal=False)
    assert notices("mentioned") == []


def test_a_follower_who_is_mentioned_hears_of_it_once(people: Cast) -> None:
    ticket = people.ticket(NINE)
    follow_case(ticket, by=people.colleague, now=NINE)
    add_note(ticket, "@示例colleague 请看", by=people.agent, now=NINE)
    assert [notice.kind for notice in unread(people.colleague)] == ["mentioned"]
    assert Case.objects.filter(pk=ticket.pk, version=ticket.version).exists()
