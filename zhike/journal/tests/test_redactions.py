"""Facts are emptied when their time is over; the chain is verified all the same, and whoever touches anything is found."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event, event, from_payload
from zhike.journal.ledger import Use, write_uses
from zhike.journal.models import ClauseUse, Fact, Redaction, Seal
from zhike.journal.redactions import Because, ChainBroken, redact_facts, redact_uses
from zhike.journal.seals import read_range, seal_all, seal_range, stub_digest, verify_chain
from zhike.journal.stream import sequence_all
from zhike.journal.stubs import stub_of
from zhike.journal.tests.happenings import NOON, triggers_off

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + dt.timedelta(days=730)
BECAUSE = Because("shop", "KEEP-1")
CHANGED = ["A sealed fact was changed."]


@event("letter.written", stays="action because.clause")
@dataclass(frozen=True)
class LetterWritten(Event):
    action: str
    words: str
    pages: int = 1
    due_at: dt.datetime | None = None
    because: list[dict[str, Any]] = field(default_factory=list)
    readers: list[int] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def letter(words: str, about: int = 7) -> NewFact:
    told = LetterWritten("send", words, 2, NOON, [{"clause": "A-1", "value": words}], [5, 6], {"phone": words})
    return NewFact(told, NOON, ("case", about), "staff:5", "shop", ("A-1",), ("staff:5",))


@pytest.fixture
def sealed() -> list[Fact]:
    """Six facts under three seals, in turns about the cases 7 and 8."""
    with transaction.atomic():
        record([letter(f"示例{n}", 7 + n % 2) for n in range(6)])
    sequence_all()
    while seal_range(limit=2):
        pass
    return list(Fact.objects.order_by("id"))


def empty(*cases: int) -> set[int]:
    return redact_facts("case", dict.fromkeys(cases, BECAUSE), by="system", now=LATER)


def while_emptying(statement: str, values: list[Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('zhike.redacting', 'on', true)")
        cursor.execute(statement, values)


def messages() -> list[str]:
    return [finding.message for finding in verify_chain().findings]


def test_an_emptied_fact_keeps_what_was_done_and_loses_every_word(sealed: list[Fact]) -> None:
    assert empty(7) == set()
    fact = Fact.objects.get(id=sealed[0].id)
    assert fact.payload == {
        "action": "send", "words": "", "pages": 2, "due_at": "2026-03-02T12:00:00+08:00",
        "because": [{"clause": "A-1"}], "readers": [5, 6], "facts": {},
    }  # fmt: skip
    assert (fact.actor, fact.clauses, fact.audience, fact.at) == ("staff:5", ["A-1"], ["staff:5"], NOON)
    assert isinstance(from_payload(fact.type, fact.payload), LetterWritten)
    assert Fact.objects.get(id=sealed[1].id).payload["words"] == "示例1"


def test_the_chain_holds_after_it_and_the_head_noted_before_is_still_there(sealed: list[Fact]) -> None:
    noted = verify_chain().head
    assert empty(7) == set()
    report = verify_chain(expect=noted)
    assert (report.ok, report.sealed, report.emptied) == (True, 6, 3)
    sequence_all()
    seal_all()
    assert empty(8) == set()
    sequence_all()
    seal_all()
    report = verify_chain(expect=noted)
    assert (report.ok, report.sealed, report.emptied, report.unsealed) == (True, 8, 6, 0)


def test_who_was_emptied_and_why_is_told_by_a_fact_about_the_same_subject(sealed: list[Fact]) -> None:
    empty(7)
    told = Fact.objects.get(type="journal.redacted")
    assert (told.subject_kind, told.subject_id, told.handbook, told.clauses) == ("case", 7, "shop", ["KEEP-1"])
    assert [entry[0] for entry in told.payload["facts"]] == [sealed[0].id, sealed[2].id, sealed[4].id]
    assert {len(part) for entry in told.payload["facts"] for part in entry[1:]} == {64}


def test_facts_without_a_seal_wait(sealed: list[Fact]) -> None:
    with transaction.atomic():
        record([letter("示例新", 7)])
    assert empty(7) == {7}
    assert Fact.objects.latest("id").type == "journal.redacted"
    assert Fact.objects.filter(payload__words="示例新").count() == 1
    sequence_all()
    seal_all()
    assert (empty(7), Fact.objects.filter(payload__words="示例新").count(), verify_chain().ok) == (set(), 0, True)


def test_many_seals_are_gone_through_in_several_transactions(
    sealed: list[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhike.journal.redactions.SEALS", 2)
    assert (empty(7, 8), verify_chain().emptied, verify_chain().ok) == (set(), 6, True)
    told = Fact.objects.filter(type="journal.redacted").order_by("id")
    assert [(fact.subject_id, len(fact.payload["facts"])) for fact in told] == [(7, 2), (8, 2), (7, 1), (8, 1)]


@pytest.mark.parametrize(
    "tampering",
    [
        {"payload": {"action": "send", "words": "示例0"}},
        {"payload": {"action": "destroy", "words": "", "pages": 2}},
        {"actor": "staff:9"},
        {"clauses": ["A-2"]},
    ],
)
def test_a_stub_that_was_changed_is_found(sealed: list[Fact], tampering: dict[str, Any]) -> None:
    empty(7)
    with triggers_off("journal_fact"):
        Fact.objects.filter(id=sealed[2].id).update(**tampering)
    assert messages() == CHANGED


def test_a_fact_beside_an_emptied_one_that_was_changed_is_found(sealed: list[Fact]) -> None:
    """The link after an emptied fact is told, so what stands before it is held by the digest told before it."""
    empty(8)
    with triggers_off("journal_fact"):
        Fact.objects.filter(id=sealed[0].id).update(actor="staff:9")
    assert messages() == CHANGED


def test_an_emptied_fact_that_no_fact_lists_is_found(sealed: list[Fact]) -> None:
    with triggers_off("journal_fact"):
        stub = stub_of("letter.written", sealed[0].payload)
        Fact.objects.filter(id=sealed[0].id).update(payload=stub)
    assert messages() == CHANGED


def test_a_listing_that_was_changed_or_taken_away_is_found(sealed: list[Fact]) -> None:
    empty(7)
    told = Fact.objects.get(type="journal.redacted")
    listed = [[number, before, "f" * 64, stub] for number, before, _, stub in told.payload["facts"]]
    with triggers_off("journal_fact"):
        Fact.objects.filter(pk=told.pk).update(payload={"facts": listed})
        assert messages() == CHANGED * 3
        Fact.objects.filter(pk=told.pk).update(payload=told.payload)
        assert messages() == []
    with triggers_off("journal_redaction"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_redaction WHERE fact_id = %s", [sealed[0].id])
    assert messages() == CHANGED


def test_a_listing_about_another_case_hides_nothing(sealed: list[Fact]) -> None:
    empty(7)
    with triggers_off("journal_fact"):
        Fact.objects.filter(type="journal.redacted").update(subject_id=8)
    assert messages() == CHANGED * 3


def test_words_put_into_a_stub_and_listed_anew_are_found(sealed: list[Fact]) -> None:
    """Somebody who may write the listing too still cannot say anything in words."""
    empty(7)
    told = Fact.objects.get(type="journal.redacted")
    with triggers_off("journal_fact"):
        Fact.objects.filter(id=sealed[0].id).update(payload={**sealed[0].payload, "words": "别的"})
        row = next(row for row in read_range(0, 2**62) if row[1] == sealed[0].id)
        first, *others = told.payload["facts"]
        Fact.objects.filter(pk=told.pk).update(payload={"facts": [[*first[:3], stub_digest(row)], *others]})
    assert messages() == CHANGED


def test_a_broken_chain_is_not_mended_by_emptying(sealed: list[Fact]) -> None:
    with triggers_off("journal_fact"):
        Fact.objects.filter(id=sealed[1].id).update(actor="staff:9")
    with pytest.raises(ChainBroken, match="The seal over positions"):
        empty(7)
    assert Fact.objects.get(id=sealed[0].id).payload["words"] == "示例0"
    assert not Redaction.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_fact SET payload = '{}' WHERE id = %s",
        "UPDATE journal_fact SET actor = 'staff:9' WHERE id = %s",
        "DELETE FROM journal_fact WHERE id = %s",
    ],
)
def test_a_transaction_that_says_it_empties_may_not_touch_what_is_not_listed(
    sealed: list[Fact], statement: str
) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        while_emptying(statement, [sealed[0].id])


def test_of_a_listed_fact_the_payload_alone_may_be_emptied(sealed: list[Fact]) -> None:
    empty(7)
    for change in ("actor = 'staff:9'", "at = now()", "clauses = '{}'", "subject_id = 8"):
        with pytest.raises(IntegrityError, match="append-only"):
            while_emptying(f"UPDATE journal_fact SET {change} WHERE id = %s", [sealed[0].id])
    with pytest.raises(IntegrityError, match="journal_fact is append-only: UPDATE is refused"), transaction.atomic():
        Fact.objects.filter(id=sealed[0].id).update(payload={})


def test_lines_of_the_ledger_lose_their_reasons_and_still_count(sealed: list[Fact]) -> None:
    told = {"action": "send", "because": "示例", "facts": {"phone": "示例"}, "clock": 3}
    write_uses([Use(NOON, "shop", 1, "A-1", "kept", ("case", number), minutes=5.0, detail=told) for number in (7, 8)])
    with transaction.atomic():
        redact_uses("case", [7])
    mine, other = ClauseUse.objects.order_by("id")
    assert (mine.detail, mine.outcome, mine.minutes) == ({"action": "send", "clock": 3}, "kept", 5.0)
    assert other.detail == told
    with pytest.raises(IntegrityError, match="append-only"):
        while_emptying("UPDATE journal_clauseuse SET outcome = %s", ["broken"])
    with pytest.raises(IntegrityError, match="append-only"):
        while_emptying("UPDATE journal_clauseuse SET detail = detail || %s::jsonb", ['{"because": "nothing"}'])


def test_seals_themselves_never_change(sealed: list[Fact]) -> None:
    before = list(Seal.objects.order_by("last").values_list("digest", flat=True))
    empty(7, 8)
    assert list(Seal.objects.order_by("last").values_list("digest", flat=True)) == before
