import pytest
from django.db import connection, transaction

from zhike.journal.actions import record
from zhike.journal.models import Fact, Seal, Stream
from zhike.journal.seals import GENESIS, seal_all, seal_range, verify_chain
from zhike.journal.stream import sequence_all
from zhike.journal.tests.happenings import another_session, bell, triggers_off, write_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealed_facts() -> list[Fact]:
    """Five facts under three seals."""
    with transaction.atomic():
        record([bell(times) for times in range(5)])
    sequence_all()
    while seal_range(limit=2):
        pass
    return list(Fact.objects.order_by("id"))


def messages() -> list[str]:
    return [finding.message for finding in verify_chain().findings]


def test_an_untouched_chain_holds(sealed_facts: list[Fact]) -> None:
    report = verify_chain()
    assert (report.ok, report.seals, report.sealed, report.unsealed) == (True, 3, 5, 0)
    assert [seal.count for seal in Seal.objects.order_by("last")] == [2, 2, 1]
    assert Seal.objects.order_by("last")[0].previous == GENESIS
    assert report.head == Seal.objects.order_by("-last")[0].digest


def test_facts_without_a_seal_yet_are_counted() -> None:
    with transaction.atomic():
        record([bell(1), bell(2)])
    sequence_all()
    assert (verify_chain().unsealed, seal_all(), verify_chain().unsealed) == (2, 2, 0)


def test_nothing_is_sealed_twice(sealed_facts: list[Fact]) -> None:
    assert seal_range() is None


def test_a_changed_fact_is_found(sealed_facts: list[Fact]) -> None:
    with triggers_off("journal_fact"):
        Fact.objects.filter(id=sealed_facts[2].id).update(payload={"times": 99, "whispered": ""})
    (finding,) = verify_chain().findings
    places = Stream.objects.filter(fact_id__in=[sealed_facts[2].id, sealed_facts[3].id]).order_by("position")
    assert [finding.first, finding.last] == [place.position for place in places]
    assert finding.message == "A sealed fact was changed."


def test_a_removed_fact_is_found(sealed_facts: list[Fact]) -> None:
    with triggers_off("journal_fact"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_fact WHERE id = %s", [sealed_facts[0].id])
    assert messages() == ["A sealed fact is missing."]


def test_a_fact_removed_with_its_place_is_found(sealed_facts: list[Fact]) -> None:
    with triggers_off("journal_fact", "journal_stream"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_stream WHERE fact_id = %s", [sealed_facts[1].id])
        cursor.execute("DELETE FROM journal_fact WHERE id = %s", [sealed_facts[1].id])
    assert messages() == ["1 facts stand where 2 were sealed."]


def test_facts_that_changed_places_are_found(sealed_facts: list[Fact]) -> None:
    first, second = Stream.objects.order_by("position")[:2]
    with triggers_off("journal_stream"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE journal_stream SET fact_id = -1 WHERE position = %s", [first.position])
        cursor.execute("UPDATE journal_stream SET fact_id = %s WHERE position = %s", [first.fact_id, second.position])
        cursor.execute("UPDATE journal_stream SET fact_id = %s WHERE position = %s", [second.fact_id, first.position])
    assert messages() == ["A sealed fact was changed."]


def test_a_fact_slipped_in_among_sealed_ones_is_found() -> None:
    with another_session() as session:
        write_in(session, bell(1))
        session.execute("SELECT nextval(pg_get_serial_sequence('journal_stream', 'position'))")
        session.commit()
    sequence_all()
    with another_session() as session:
        gap = session.execute("SELECT nextval(pg_get_serial_sequence('journal_stream', 'position'))").fetchone()[0]
        write_in(session, bell(2))
        session.commit()
    sequence_all()
    seal_all()
    with another_session() as session:
        (number,) = write_in(session, bell(3))
        session.execute("DELETE FROM journal_pending WHERE fact_id = %s", [number])
        session.execute("INSERT INTO journal_stream (position, fact_id) VALUES (%s, %s)", [gap, number])
        session.commit()
    assert messages() == ["3 facts stand where 2 were sealed."]


def test_a_fact_slipped_past_the_stream_is_found(sealed_facts: list[Fact]) -> None:
    with another_session() as session:
        (number,) = write_in(session, bell(9))
        session.execute("DELETE FROM journal_pending")
        session.commit()
    assert messages() == [f"Facts were slipped in past the journal: ids {number}"]


def test_a_removed_seal_is_found(sealed_facts: list[Fact]) -> None:
    middle = Seal.objects.order_by("last")[1]
    with triggers_off("journal_seal"):
        Seal.objects.filter(pk=middle.pk).delete()
    assert messages() == ["The seal does not follow the one before it: a seal is missing or was changed."]


def test_a_chain_made_anew_is_found_by_the_digest_noted_elsewhere(sealed_facts: list[Fact]) -> None:
    noted = verify_chain().head
    with triggers_off("journal_seal", "journal_fact"):
        Seal.objects.all().delete()
        Fact.objects.filter(id=sealed_facts[0].id).update(actor="staff:9")
    seal_all()
    assert verify_chain().ok
    (finding,) = verify_chain(expect=noted).findings
    assert finding.message.startswith(f"The digest {noted} is not in the chain")
