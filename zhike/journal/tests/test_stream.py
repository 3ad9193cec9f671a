import threading

import pytest
from django.db import connection, transaction

from zhike.journal.actions import record
from zhike.journal.models import Pending, Stream
from zhike.journal.stream import TRY_LOCK, last_position, read_after, sequence_all, sequence_pending
from zhike.journal.tests.happenings import another_session, bell, write_in

pytestmark = pytest.mark.django_db(transaction=True)


def times_after(position: int) -> list[int]:
    return [row.payload["times"] for row in read_after(position)]


def test_facts_are_read_in_the_order_of_their_positions_with_everything_a_reader_needs() -> None:
    start = last_position()
    with transaction.atomic():
        record([bell(1, subject=("case", 7), audience=["staff:5"]), bell(2)])
    assert sequence_pending() == 2
    first, second = read_after(start)
    assert (first.payload, first.subject_kind, first.subject_id, first.type) == (
        {"times": 1, "whispered": ""},
        "case",
        7,
        "bell.rang",
    )
    assert list(first.audience) == ["staff:5"]
    assert second.position > first.position
    assert not Pending.objects.exists()


def test_a_long_transaction_holds_up_nobody_and_its_facts_come_later() -> None:
    start = last_position()
    with another_session() as importer:
        (old,) = write_in(importer, bell(1))
        with transaction.atomic():
            (new,) = record([bell(2)])
        assert old < new.id
        assert sequence_pending() == 1
        assert times_after(start) == [2]
        seen = last_position()
        importer.commit()
        assert sequence_pending() == 1
        assert times_after(seen) == [1]


def test_a_fact_that_was_rolled_back_gets_no_position() -> None:
    with another_session() as session:
        write_in(session, bell(1))
        session.rollback()
    assert sequence_pending() == 0


def test_a_sequencer_leaves_the_work_to_the_one_who_is_at_it() -> None:
    with transaction.atomic():
        record([bell(1)])
    with another_session() as other:
        other.execute(TRY_LOCK)
        assert sequence_pending() is None
        assert sequence_all() == 0
    assert sequence_all() == 1


def test_many_sequencers_and_many_writers_give_every_fact_one_position_and_a_reader_skips_none() -> None:
    writers, each = 4, 40
    seen: list[int] = []
    written = threading.Event()

    def write(first: int) -> None:
        with another_session() as session:
            for n in range(first, first + each):
                write_in(session, bell(n))
                if n % 5 != 0:  # every fifth stays open a little longer
                    session.commit()

    def read_along() -> None:
        position = 0
        try:
            while not written.is_set() or Pending.objects.exists():
                sequence_pending(limit=7)
                rows = read_after(position)
                seen.extend(row.payload["times"] for row in rows)
                position = rows[-1].position if rows else position
            seen.extend(row.payload["times"] for row in read_after(position))
        finally:
            connection.close()

    def sequence_along() -> None:
        try:
            while not written.is_set() or Pending.objects.exists():
                sequence_pending(limit=3)
        finally:
            connection.close()

    crowd = [threading.Thread(target=write, args=(n * each,)) for n in range(writers)]
    others = [threading.Thread(target=read_along), threading.Thread(target=sequence_along)]
    for thread in [*crowd, *others]:
        thread.start()
    for thread in crowd:
        thread.join()
    written.set()
    for thread in others:
        thread.join()
    assert sorted(seen) == list(range(writers * each))
    assert Stream.objects.count() == writers * each
