"""A part of a case goes on as a case of its own, with its own clocks; what it was split from stays whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import COMPLAINT, Cast, at, facts, state_of
from zhike.cases.actions import add_note
from zhike.cases.links import around
from zhike.cases.models import Case, Note
from zhike.cases.refusals import CaseError, Impossible, NotYours, Refused, Unreadable
from zhike.cases.splitting import Into, split_case
from zhike.records.attachments import bind_attachments, store_attachment
from zhike.records.models import Attachment

NINE = at("2025-06-10 09:00")


def split(people: Cast, case: Case, by: str = "agent", **more: Any) -> Case:
    values = {
        **COMPLAINT,
        "store": people.place["store-1"].pk,
        "complaint_item": "goods_quality",
        "content": "示例：商品有裂纹。",
    }
    into = Into(people.version, "service_ticket", "register", {**values, **more.pop("values", {})})
    known = {"title": "示例：商品裂纹另案", "notes": [], "files": [], **more}
    return split_case(case, into, by=people.viewers[by], now=NINE, **known)


def file_at(people: Cast, case: Case) -> Attachment:
    stored = store_attachment("示例：清单。".encode(), "清单.txt", by=people.agent.principal, now=NINE)
    return bind_attachments([stored.token], subject=("case", case.pk), by=people.agent.principal)[0]


def test_the_part_is_a_case_of_its_own_with_what_was_chosen(people: Cast) -> None:
    ticket = people.ticket(NINE)
    first, second = (add_note(ticket, words, by=people.agent, now=NINE) for words in ("示例：态度。", "示例：裂纹。"))
    file = file_at(people, ticket)
    new = split(people, ticket, notes=[second.pk], files=[file.pk])
    assert (new.title, new.stage, new.customer_id) == ("示例：商品裂纹另案", "complaint_handling", ticket.customer_id)
    assert [(note.words, note.author) for note in Note.objects.filter(case=new)] == [("示例：裂纹。", first.author)]
    copied = Attachment.objects.get(subject_id=new.pk)
    assert (copied.name, copied.digest, copied.token != file.token) == (file.name, file.digest, True)
    assert [t.tie for t in around(new, people.agent).links] == ["split_from"]
    assert [t.tie for t in around(ticket, people.agent).links] == ["split_into"]
    assert facts("case.split", ticket)[0].payload == {"new": new.pk, "number": new.number, "notes": 1, "files": 1}


def test_what_it_was_split_from_stays_whole(people: Cast) -> None:
    ticket = people.ticket(NINE)
    note, file = add_note(ticket, "示例：裂纹。", by=people.agent, now=NINE), file_at(people, ticket)
    before = state_of(ticket)
    split(people, ticket, notes=[note.pk], files=[file.pk])
    assert state_of(ticket) == before
    assert Note.objects.filter(case=ticket).count() == 1
    assert Attachment.objects.filter(subject_id=ticket.pk).count() == 1


def test_the_title_stays_when_the_form_is_filled_again(people: Cast) -> None:
    ticket = people.portal_ticket(NINE)
    Case.objects.filter(pk=ticket.pk).update(title="示例：我的标题", own_title=True)
    people.do(ticket, "classify", "agent", NINE, **{**COMPLAINT, "store": people.place["store-1"].pk})
    assert Case.objects.get(pk=ticket.pk).title == "示例：我的标题"


def test_the_same_press_twice_is_one_case(people: Cast) -> None:
    ticket = people.ticket(NINE)
    note = add_note(ticket, "示例：裂纹。", by=people.agent, now=NINE)
    numbers = {split(people, ticket, notes=[note.pk], key="press-1").number for _ in range(2)}
    assert len(numbers) == 1
    assert (Case.objects.count(), Note.objects.count()) == (2, 2)


def test_a_note_or_file_of_another_case_refuses_the_whole(people: Cast) -> None:
    ticket, other = people.ticket(NINE), people.ticket(NINE)
    mine, foreign = (add_note(case, "示例", by=people.agent, now=NINE) for case in (ticket, other))
    file = file_at(people, other)
    for chosen in ({"notes": [mine.pk, foreign.pk]}, {"files": [file.pk]}, {"notes": [10**9]}):
        with pytest.raises(Impossible, match="不在这张工单里"):
            split(people, ticket, **chosen)
    assert Case.objects.count() == 2


def test_a_clause_against_the_new_case_refuses_it_and_is_written_down(people: Cast) -> None:
    ticket = people.ticket(NINE)
    with pytest.raises(Refused) as refused:
        split(people, ticket, values={"service_class": ""})
    assert "SVC-01" in refused.value.clauses
    assert Case.objects.count() == 1
    assert facts("case.refused")[-1].clauses[:1] == ["SVC-01"]


@pytest.mark.parametrize(("by", "error"), [("manager", NotYours), ("outsider", NotYours), ("followup", NotYours)])
def test_splitting_is_for_whoever_could_act_or_hand_it_over(people: Cast, by: str, error: type[CaseError]) -> None:
    ticket = people.ticket(NINE)
    with pytest.raises(error):
        split(people, ticket, by=by)


def test_only_what_he_may_open_himself(people: Cast) -> None:
    """The service centre holds complaints at the counter but opens none of another kind."""
    warning = people.at_store(NINE)
    with pytest.raises(NotYours, match="不能新建"):
        split(people, warning, by="manager")


def test_it_wants_a_title(people: Cast) -> None:
    for title in ("", "  ", "长" * 201):
        with pytest.raises(Unreadable, match="标题"):
            split(people, people.ticket(NINE), title=title)
