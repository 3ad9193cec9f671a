"""Who hears what on the live feed, and that everybody hears it exactly once."""

import asyncio
import random
from collections.abc import Collection, Mapping

import pytest

from zhike.journal import gates
from zhike.journal.actions import NewFact
from zhike.journal.stream import read_after, sequence_all
from zhike.journal.tests.happenings import NOON, BellRang, another_session, bell, write_in
from zhike.org.models import Assignment, Session, Staff
from zhike.org.sessions import end_sessions
from zhike.web.asgi import Application
from zhike.web.listening import with_connection
from zhike.web.live import answer, client, feed, hub
from zhike.web.live.tests.streams import Stream, commit, live, ring, running, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clerk() -> str:
    return sign_in("clerk", "clerk")


@pytest.fixture
def outsider() -> str:
    return sign_in("outsider", "porter")


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch) -> dict[int, Collection[str]]:
    """The gate of houses: who may see which, changed by a test as it likes."""
    seen: dict[int, Collection[str]] = {}

    def audiences_of(ids: Collection[int]) -> Mapping[int, Collection[str]]:
        return {number: seen[number] for number in ids if number in seen}

    monkeypatch.setattr(gates, "_gates", {"house": audiences_of})
    return seen


def test_the_audience_hears_and_an_outsider_hears_nothing(clerk: str, outsider: str) -> None:
    async def story(product: Application) -> None:
        inside, outside = await Stream(product, clerk).ready(), await Stream(product, outsider).ready()
        await ring(1, 2)
        await ring(3, audience=["shop:porter"])
        await ring(4, audience=[])
        await ring(5, audience=["shop:clerk", "shop:porter"])
        assert await inside.hears(3) == [1, 2, 5]
        assert await outside.hears(2) == [3, 5]

    live(story)


def test_a_fact_tells_browsers_what_its_event_declares_and_nothing_else(clerk: str) -> None:
    fact = NewFact(
        BellRang(3, whispered="the safe is open"), NOON, ("house", 7), "staff:9", "shop", ["W-1"], ["shop:clerk"]
    )

    async def story(product: Application) -> None:
        stream = await Stream(product, clerk).ready()
        await asyncio.to_thread(commit, fact)
        await stream.hears(1)
        assert stream.messages[-1] == {
            "type": "bell.rang",
            "at": "2026-03-02T04:00:00+00:00",
            "subject": "house:7",
            "handbook": "shop",
            "clauses": ["W-1"],
            "payload": {"times": 3},
        }

    live(story)


@pytest.mark.parametrize(
    ("subjects", "heard"),
    [("house:7", [2, 4]), ("houses", [1, 2, 4]), ("bells", [1, 2, 3, 4]), ("doors,house:1", [1, 4])],
)
def test_a_page_hears_the_subjects_it_asked_for(clerk: str, subjects: str, heard: list[int]) -> None:
    async def story(product: Application) -> None:
        stream = await Stream(product, clerk, subjects=subjects).ready()
        await ring(1, subject=("house", 1))
        await ring(2, subject=("house", 7))
        await ring(3, subject=("garden", 7))
        for subject in (("house", 7), ("house", 1)) if "house:1" in subjects else (("house", 7),):
            await ring(4, subject=subject)
        assert await stream.hears(len(heard)) == heard

    live(story)


def test_the_objects_gate_as_it_is_now_decides_whatever_the_fact_says(
    clerk: str, guests: dict[int, Collection[str]]
) -> None:
    guests.update({1: ["shop:porter"], 2: ["shop:clerk"]})

    async def story(product: Application) -> None:
        stream = await Stream(product, clerk).ready()
        await ring(1, subject=("house", 1))
        await ring(2, subject=("house", 2))
        await ring(3, subject=("house", 404))
        guests[1] = ["shop:clerk"]
        await ring(4, subject=("house", 1))
        assert await stream.hears(2) == [2, 4]

    live(story)


def test_what_was_missed_passes_the_gate_as_it_is_now(clerk: str, guests: dict[int, Collection[str]]) -> None:
    guests.update({1: ["shop:clerk"], 2: ["shop:clerk"]})

    async def story(product: Application) -> None:
        place = await (await Stream(product, clerk).ready()).leave()
        await ring(1, subject=("house", 1))
        await ring(2, subject=("house", 2))
        witness = Stream(product, clerk, after=place)
        assert await witness.hears(2) == [1, 2]
        guests[1] = []
        assert await Stream(product, clerk, after=place).hears(1) == [2]

    live(story)


def test_a_client_that_comes_back_hears_what_it_missed_once(clerk: str) -> None:
    async def story(product: Application) -> None:
        first = await Stream(product, clerk).ready()
        await ring(1, 2)
        await first.hears(2)
        place = await first.leave()
        await ring(3, 4)
        second = Stream(product, clerk, after=place)
        assert await second.hears(2) == [3, 4]
        await ring(5)
        assert await second.hears(3) == [3, 4, 5]

    live(story)


def test_an_outsider_that_comes_back_is_told_nothing_of_what_is_not_its_own(outsider: str) -> None:
    async def story(product: Application) -> None:
        place = await (await Stream(product, outsider).ready()).leave()
        await ring(1, 2)
        await ring(3, audience=["shop:porter"])
        assert await Stream(product, outsider, after=place).hears(1) == [3]

    live(story)


def test_a_client_that_is_ahead_of_this_process_is_told_nothing_twice(clerk: str) -> None:
    async def story(product: Application) -> None:
        assert product.hub is not None
        assert product.feeding is not None
        hub_ = product.hub
        place = await (await Stream(product, clerk).ready()).leave()
        product.feeding.cancel()
        await ring(1, 2)
        await asyncio.to_thread(with_connection, sequence_all)
        rows = await asyncio.to_thread(with_connection, read_after, place)
        ahead = await Stream(product, clerk, after=rows[0].position).ready()
        await hub_.tell(rows)
        assert await ahead.hears(1) == [2]

    live(story)


def test_what_memory_does_not_hold_any_more_is_read_from_the_journal(
    clerk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (hub, feed):
        monkeypatch.setattr(module, "REMEMBERED", 4)
    monkeypatch.setattr(hub, "PAGE", 3)

    async def story(product: Application) -> None:
        first = await Stream(product, clerk).ready()
        place = first.last_id
        await ring(*range(20))
        await first.hears(20)
        assert await Stream(product, clerk, after=place).hears(20) == list(range(20))

    live(story)


def test_a_restarted_process_goes_on_where_its_clients_were(clerk: str) -> None:
    async def story() -> None:
        async with running() as product:
            stream = await Stream(product, clerk).ready()
            await ring(1)
            await stream.hears(1)
        await stream.ends()
        await ring(2)
        async with running() as product:
            again = Stream(product, clerk, after=stream.last_id)
            await ring(3)
            assert await again.hears(2) == [2, 3]

    asyncio.run(story())


def write_many(first: int, count: int) -> None:
    """One session's facts, some of them in transactions that stay open while others commit."""
    with another_session() as session:
        for number in range(first, first + count):
            write_in(session, bell(number, audience=["shop:clerk"]))
            if number % 3 == 2:
                session.commit()
        session.commit()


def test_clients_that_come_and_go_under_concurrent_writers_hear_everything_exactly_once(clerk: str) -> None:
    writers, each = 4, 50
    total = writers * each

    async def restless(processes: list[Application], chance: random.Random) -> list[int]:
        """Reads a few facts, goes, comes back to any process with its last id; answers its ledger."""
        ledger: list[int] = []
        place: int | None = 0
        while len(ledger) < total:
            stream = Stream(chance.choice(processes), clerk, after=place)
            wanted = min(chance.randint(1, 40), total - len(ledger))
            await stream.hears(wanted)
            place = await stream.leave()
            ledger += stream.heard
        return ledger

    async def story() -> None:
        async with running() as one, running() as other:
            readers = [asyncio.create_task(restless([one, other], random.Random(seed))) for seed in range(5)]
            await asyncio.gather(*(asyncio.to_thread(write_many, n * each, each) for n in range(writers)))
            for ledger in await asyncio.gather(*readers):
                assert sorted(ledger) == list(range(total))

    asyncio.run(story())


def hang_up() -> int:
    with another_session() as session:
        found = session.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'zhike live'"
        ).fetchone()
        assert found is not None
        return int(found[0])


def test_a_killed_connection_loses_nothing(clerk: str) -> None:
    async def story(product: Application) -> None:
        stream = await Stream(product, clerk).ready()
        await ring(1)
        await stream.hears(1)
        for number in range(2, 12, 2):
            assert await asyncio.to_thread(hang_up) <= 1
            await ring(number, number + 1)
            # Another process gives them their positions while we are deaf.
            await asyncio.to_thread(with_connection, sequence_all)
        assert await stream.hears(11) == list(range(1, 12))

    live(story)


def test_a_role_that_is_withdrawn_is_heard_of_at_once(clerk: str) -> None:
    staff = Staff.objects.get(username="clerk")
    told = NewFact(BellRang(0), NOON, ("staff", staff.pk), "system")

    def withdraw() -> None:
        with another_session() as session:
            session.execute("DELETE FROM org_assignment WHERE staff_id = %s", [staff.pk])
            write_in(session, told)
            session.commit()

    async def story(product: Application) -> None:
        stream = await Stream(product, clerk).ready()
        await ring(1)
        await asyncio.to_thread(withdraw)
        await ring(2)
        await ring(3, audience=[f"staff:{staff.pk}"])
        assert await stream.hears(2) == [1, 3]

    live(story)
    assert not Assignment.objects.exists()


def test_a_disabled_member_of_staff_is_hung_up_on(clerk: str) -> None:
    staff = Staff.objects.get(username="clerk")

    def disable() -> None:
        with another_session() as session:
            session.execute("UPDATE org_staff SET is_active = false WHERE id = %s", [staff.pk])
            write_in(session, NewFact(BellRang(0), NOON, ("staff", staff.pk), "system"))
            session.commit()

    async def story(product: Application) -> None:
        stream = await Stream(product, clerk).ready()
        await asyncio.to_thread(disable)
        await stream.ends()
        await ring(1)
        assert stream.heard == []
        assert (await Stream(product, clerk).ends()).status == 401

    live(story)


def test_a_session_from_before_a_new_password_is_worth_nothing(clerk: str) -> None:
    staff = Staff.objects.get(username="clerk")
    staff.set_password("a new one")
    staff.save(update_fields=["password"])

    async def story(product: Application) -> None:
        assert (await Stream(product, clerk).ends()).status == 401

    live(story)


def test_a_session_that_has_run_out_is_worth_nothing(clerk: str) -> None:
    Session.objects.filter(session_key=clerk).update(expire_date=NOON.replace(year=2001))

    async def story(product: Application) -> None:
        assert (await Stream(product, clerk).ends()).status == 401

    live(story)


def test_a_revoked_session_stops_hearing_at_once(clerk: str, outsider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SWEEP_EVERY", 3600.0)  # nobody comes round to look: the fact alone does it
    staff = Staff.objects.get(username="clerk")

    async def story(product: Application) -> None:
        stream, other = await Stream(product, clerk).ready(), await Stream(product, outsider).ready()
        await asyncio.to_thread(with_connection, revoke, staff)
        await stream.ends()
        await ring(7, audience=["shop:clerk", "shop:porter"])
        assert await other.hears(1) == [7]
        assert 7 not in stream.heard
        assert (await Stream(product, clerk).ends()).status == 401

    live(story)


def revoke(staff: Staff) -> None:
    assert end_sessions(staff, by="staff:9", now=NOON) == 1


def test_a_stream_ends_when_its_session_has_ended(clerk: str, outsider: str) -> None:
    def sign_out() -> None:
        with another_session() as session:
            session.execute("DELETE FROM org_session WHERE session_key = %s", [clerk])
            session.commit()

    async def story(product: Application) -> None:
        gone, stays = await Stream(product, clerk).ready(), await Stream(product, outsider).ready()
        await asyncio.to_thread(sign_out)
        assert product.hub is not None
        await product.hub.sweep()
        await gone.ends()
        assert not stays.task.done()

    live(story)


@pytest.mark.parametrize("session_key", ["", "nonsense"])
def test_nobody_hears_without_a_session(session_key: str) -> None:
    async def story(product: Application) -> None:
        assert (await Stream(product, session_key).ends()).status == 401

    live(story)


def test_only_get_is_answered(clerk: str) -> None:
    async def story(product: Application) -> None:
        stream = Stream(product, clerk)
        stream.scope["method"] = "POST"
        assert (await stream.ends()).status == 405

    live(story)


def test_one_session_has_a_limited_number_of_streams(clerk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MOST_STREAMS", 2)

    async def story(product: Application) -> None:
        for _ in range(2):
            await Stream(product, clerk).ready()
        assert (await Stream(product, clerk).ends()).status == 429

    live(story)


def test_a_slow_client_is_cut_and_misses_nothing_when_it_comes_back(
    clerk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LONGEST_QUEUE", 10)

    async def story(product: Application) -> None:
        slow, quick = await Stream(product, clerk).ready(), await Stream(product, clerk).ready()
        slow.stuck = asyncio.Event()
        await ring(*range(15))
        await quick.hears(15)
        await slow.ends()
        assert slow.heard == []
        assert await Stream(product, clerk, after=slow.last_id).hears(15) == list(range(15))

    live(story)


def test_a_client_of_a_database_that_is_no_more_is_told_to_load_its_page_again(clerk: str) -> None:
    async def story(product: Application) -> None:
        stream = await Stream(product, clerk, after=10**9).ends()
        assert stream.controls == ["reset"]
        await ring(1)
        assert await Stream(product, clerk, after=stream.last_id).hears(1) == [1]

    live(story)


def test_a_client_that_was_away_too_long_is_told_to_load_its_page_again(
    clerk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "FURTHEST_BACK", 3)

    async def story(product: Application) -> None:
        witness = await Stream(product, clerk).ready()
        place = witness.last_id
        await ring(*range(5))
        await witness.hears(5)
        late = await Stream(product, clerk, after=place).ready()
        await ring(6)
        assert await late.hears(1) == [6]
        assert late.controls == ["reset"]

    live(story)
