import datetime as dt
from collections.abc import Sequence

import pytest
from django.db import IntegrityError, connection, transaction

from zhike.journal import reactions, wake
from zhike.journal.actions import FACTS_CHANNEL, NewFact, OutsideTransaction, record
from zhike.journal.events import Recorded
from zhike.journal.ledger import Use, write_uses
from zhike.journal.models import ClauseUse, Fact, Pending
from zhike.journal.reactions import EndlessReactions, reacts_to
from zhike.journal.tests.happenings import NOON, BellRang, DoorOpened, another_session, bell

APPEND_ONLY = ["journal_fact", "journal_stream", "journal_seal", "journal_clauseuse"]


@pytest.fixture(autouse=True)
def no_reactions_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactions, "_reactions", {})


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutsideTransaction, match=r"wrap the whole deed in transaction\.atomic"):
        record([bell(1)])
    assert not Fact.objects.exists()


@pytest.mark.django_db
def test_facts_are_written_in_the_order_given_with_one_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        told = record([bell(times) for times in (3, 1, 2)])
    assert [fact.payload.times for fact in told] == [3, 1, 2]
    assert list(Fact.objects.order_by("id").values_list("id", "payload__times")) == [
        (told[0].id, 3),
        (told[1].id, 1),
        (told[2].id, 2),
    ]
    assert set(Pending.objects.values_list("fact_id", flat=True)) == {fact.id for fact in told}


@pytest.mark.django_db(transaction=True)
def test_readers_are_woken_once_when_it_is_committed_and_not_before() -> None:
    with another_session() as reader:
        reader.autocommit = True
        reader.execute(f"LISTEN {FACTS_CHANNEL}")
        with transaction.atomic():
            record([bell(1)])
            record([bell(2)])
            assert list(reader.notifies(timeout=0)) == []
        assert [notice.channel for notice in reader.notifies(timeout=0.2)] == [FACTS_CHANNEL]


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_that_fails_does_not_fail_what_was_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "NOTIFY", "SELECT no_such_function(%s)")
    with transaction.atomic():
        record([bell(1)])
    assert Fact.objects.count() == 1


@pytest.mark.django_db
def test_everything_about_a_fact_is_kept() -> None:
    opened = DoorOpened("staff:5", NOON)
    record(
        [NewFact(opened, NOON, ("case", 7), "staff:5", "shop", ["WARN-05", "WARN-06"], ["shop:clerk@12", "staff:5"])]
    )
    fact = Fact.objects.get()
    assert (fact.type, fact.at, fact.subject_kind, fact.subject_id) == ("door.opened", NOON, "case", 7)
    assert (fact.actor, fact.handbook, fact.clauses) == ("staff:5", "shop", ["WARN-05", "WARN-06"])
    assert fact.audience == ["shop:clerk@12", "staff:5"]
    assert fact.payload == {"by": "staff:5", "at": "2026-03-02T12:00:00+08:00"}


@pytest.mark.django_db
def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="must be an aware datetime"):
        record([NewFact(BellRang(1), dt.datetime(2026, 3, 2, 12), ("house", 1), "system")])


@pytest.mark.django_db
def test_a_reaction_hears_of_everything_of_its_kind_at_once_and_in_order() -> None:
    heard: list[list[int]] = []

    @reacts_to(BellRang)
    def listen(events: Sequence[Recorded[BellRang]]) -> None:
        heard.append([one.payload.times for one in events])

    record([bell(2), NewFact(DoorOpened("staff:5", NOON), NOON, ("house", 1), "staff:5"), bell(1)])
    assert heard == [[2, 1]]


@pytest.mark.django_db
def test_a_reaction_may_record_and_what_it_recorded_is_reacted_to_before_it_goes_on() -> None:
    order: list[str] = []

    @reacts_to(BellRang)
    def open_the_door(events: Sequence[Recorded[BellRang]]) -> None:
        record([NewFact(DoorOpened("system", one.at), one.at, one.subject, "system") for one in events])
        order.append("answered the bell")

    @reacts_to(DoorOpened)
    def look_who_it_is(events: Sequence[Recorded[DoorOpened]]) -> None:
        order.append("looked")

    record([bell(1)])
    assert order == ["looked", "answered the bell"]
    assert list(Fact.objects.order_by("id").values_list("type", flat=True)) == ["bell.rang", "door.opened"]


@pytest.mark.django_db(transaction=True)
def test_a_reaction_that_fails_undoes_the_whole_deed() -> None:
    @reacts_to(BellRang)
    def stumble(events: Sequence[Recorded[BellRang]]) -> None:
        raise LookupError("the key is lost")

    with pytest.raises(LookupError, match="the key is lost"), transaction.atomic():
        record([bell(1)])
    assert not Fact.objects.exists()
    assert not Pending.objects.exists()


@pytest.mark.django_db
def test_reactions_that_cause_each_other_are_stopped_and_named() -> None:
    @reacts_to(BellRang)
    def ring_again(events: Sequence[Recorded[BellRang]]) -> None:
        record([bell(1)])

    with pytest.raises(EndlessReactions, match=r"bell\.rang: two of them cause each other"):
        record([bell(1)])


@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_was_written_cannot_be_changed_removed_or_emptied(table: str, deed: str) -> None:
    statement = deed.format(table)
    if table == "journal_stream":
        statement = statement.replace("id = id", "position = position")
    with connection.cursor() as cursor:
        # A test database may be emptied as a whole; here it must behave like a real one.
        cursor.execute("CREATE OR REPLACE FUNCTION journal_is_scratch() RETURNS boolean LANGUAGE sql AS 'SELECT false'")
        with pytest.raises(IntegrityError, match=f"{table} is append-only: {deed.split()[0]} is refused"):
            cursor.execute(statement)


@pytest.mark.django_db
def test_lines_of_the_ledger_are_written_together(django_assert_num_queries) -> None:
    kept = Use(NOON, "shop", 1, "WARN-05", "kept", ("case", 7), "staff:5", minutes=42.5, detail={"until": NOON})
    broken = Use(NOON, "shop", 1, "WARN-06", "broken", ("case", 8), late_minutes=3.0)
    with django_assert_num_queries(1):
        write_uses([kept, broken])
    first, second = ClauseUse.objects.order_by("id")
    assert (first.clause, first.outcome, first.minutes, first.late_minutes) == ("WARN-05", "kept", 42.5, None)
    assert first.detail == {"until": "2026-03-02T12:00:00+08:00"}
    assert (second.clause, second.subject_id, second.late_minutes, second.holder) == ("WARN-06", 8, 3.0, "")


@pytest.mark.django_db
def test_an_outcome_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="'bent' is not an outcome; one of applied, broken, kept, refused"):
        write_uses([Use(NOON, "shop", 1, "WARN-05", "bent", ("case", 7))])
