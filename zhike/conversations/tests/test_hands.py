"""What is kept of each one's hands is at any moment what the conversations say, whatever happened and however many did it at once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

import pytest
from django.db import connection, transaction

from tests.served import until
from zhike.conversations import candidates, handing, routing, written
from zhike.conversations.actions import close
from zhike.conversations.hands import Watch, keep_hands, mend_hands
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.presence import enter_state
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.releasing import release
from zhike.conversations.routing import claim, route_waiting
from zhike.conversations.tests.ground import DESK, PICK, asked, at, inbox_of, installed, person, ready
from zhike.handbook.routing import choose
from zhike.org.models import Staff
from zhike.org.principals import Viewer

NOW = at("03-03 09:01")
SECOND = DESK | {"id": "second", "title": "示例二线", "capacity": {"webchat": 3, "email": 1}}


def counted() -> dict[int, dict[str, int]]:
    """Member of staff -> medium -> how many, from the rows alone."""
    found: dict[int, Counter[str]] = {}
    for row in Conversation.objects.filter(state__in=("offered", "open")):
        people = {row.owner_id, row.offered_to_id if row.state == "offered" else None} - {None}
        for number in people:
            found.setdefault(number or 0, Counter())[row.medium] += 1
    return {number: dict(each) for number, each in found.items()}


def kept() -> dict[int, dict[str, int]]:
    return {held.staff_id: held.in_hand for held in Presence.objects.all() if held.in_hand}


def idle() -> set[int]:
    return set(Presence.objects.filter(idle_since__isnull=False).values_list("staff_id", flat=True))


class House:
    """A desk where anything may happen next."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        installed(PICK, queues=[DESK | {"capacity": {"webchat": 2, "email": 1}}, SECOND])
        self.inboxes = [inbox_of(), inbox_of("email", "post")]
        self.people = [ready(person(f"a{number}")) for number in range(4)]
        self.now, self.count = NOW, 0

    def step(self) -> str:
        self.now += dt.timedelta(seconds=self.random.randrange(1, 40))
        what = self.random.choice(DEEDS)
        with suppress(ConversationRefused), transaction.atomic():
            getattr(self, what)()
        return what

    def one(self, *states: str) -> Conversation | None:
        rows = list(Conversation.objects.filter(state__in=states).order_by("pk"))
        return self.random.choice(rows) if rows else None

    def somebody(self) -> Viewer:
        return self.random.choice(self.people)

    def arrive(self) -> None:
        self.count += 1
        asked(self.random.choice(self.inboxes), who=f"v{self.count}@example.com", key=f"k{self.count}")

    def route(self) -> None:
        route_waiting(self.now)

    def accept(self) -> None:
        row, who = self.one("offered", "waiting"), self.somebody()
        if row is not None:
            offered = next((one for one in self.people if one.staff and one.staff.pk == row.offered_to_id), who)
            handing.accept(row, offered, now=self.now)

    def decline(self) -> None:
        if (row := self.one("offered")) is not None:
            handing.end_offer(row, now=self.now, declined=self.random.random() < 0.5)

    def hand_to_a_colleague(self) -> None:
        row, who = self.one("open"), self.somebody()
        if row is not None and who.staff is not None:
            handing.offer(row, who.staff, now=self.now, until=None, by=f"staff:{row.owner_id}")

    def take_over(self) -> None:
        if (row := self.one("open", "offered", "waiting")) is not None:
            handing.take_over(row, self.somebody(), now=self.now)

    def cover(self) -> None:
        if (row := self.one("open", "offered")) is not None:
            handing.cover(row, self.somebody(), now=self.now)

    def pass_on(self) -> None:
        row, who = self.one("open", "offered", "waiting"), self.somebody()
        if row is not None and who.staff is not None:
            handing.pass_on(row, who.staff, now=self.now, by="system")

    def requeue(self) -> None:
        if (row := self.one("open", "offered", "waiting")) is not None:
            keeps = self.random.random() < 0.5
            queue = self.random.choice(("desk", "second"))
            handing.requeue(row, queue, now=self.now, by="system", keeps_owner=keeps)

    def close(self) -> None:
        if (row := self.one("open", "offered", "waiting")) is not None:
            close(row, by="system", now=self.now)

    def change_state(self) -> None:
        who = self.somebody()
        assert who.staff is not None
        enter_state(who.staff, self.random.choice(("ready", "away", "off", "busy")), now=self.now, by="system")

    def go(self) -> None:
        who = self.somebody()
        assert who.staff is not None
        release([who.staff.pk], "presence.off.entered", self.now)


DEEDS = (
    "arrive", "arrive", "arrive", "route", "route", "accept", "accept", "decline", "hand_to_a_colleague", "take_over", "cover",
    "pass_on", "requeue", "close", "change_state", "go",
)  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_after_anything_that_may_happen_what_is_kept_is_what_the_rows_say(seed: int) -> None:
    house, done = House(seed), list[str]()
    for _ in range(60):
        done.append(house.step())
        assert kept() == counted(), done
        assert idle().isdisjoint(counted()), done
    assert mend_hands(NOW) == 0


@pytest.mark.django_db
def test_who_comes_for_the_first_time_has_what_was_given_to_him_before() -> None:
    installed(PICK)
    jia = person("jia")
    handing.take_over(asked(inbox_of()), jia, now=NOW)
    assert jia.staff is not None
    enter_state(jia.staff, "away", now=NOW, by=jia.principal)
    assert kept() == {jia.staff.pk: {"webchat": 1}}


@pytest.mark.django_db
def test_a_wrong_number_gives_nobody_more_than_his_capacity_and_is_put_right_by_who_finds_it() -> None:
    installed(PICK, queues=[DESK | {"capacity": {"webchat": 1}}])
    jia = ready(person("jia"))
    first = asked(inbox_of())
    assert route_waiting(NOW) == 1
    second = asked(first.inbox, who="visitor-2")
    Presence.objects.update(in_hand={})
    assert route_waiting(NOW) == 0
    assert Conversation.objects.get(pk=second.pk).state == "waiting"
    assert jia.staff is not None
    assert kept() == {jia.staff.pk: {"webchat": 1}}


@pytest.mark.django_db
def test_the_watch_puts_right_at_once_and_then_every_five_minutes() -> None:
    installed(PICK)
    jia = ready(person("jia"))
    assert jia.staff is not None
    watch = Watch()
    for minutes, mended in ((0, 1), (4, 0), (5, 1)):
        Presence.objects.update(in_hand={"webchat": 2})
        assert watch.look(NOW + dt.timedelta(minutes=minutes)) == mended
    assert kept() == {}


@pytest.mark.django_db
def test_of_a_large_team_only_who_could_take_something_is_looked_at() -> None:
    installed(PICK)
    for number in range(45):
        one = person(f"a{number:02d}")
        if number % 15 == 7:
            ready(one, f"03-03 08:{number:02d}")
    waits = asked(inbox_of())
    assert route_waiting(NOW) == 1
    held = Conversation.objects.select_related("offered_to").get(pk=waits.pk)
    assert held.offered_to is not None
    assert held.offered_to.username == "a07"
    assert [(each["rank"], each["free"]) for each in held.choices.get().because] == [(1, True), (2, True), (3, True)]


@pytest.mark.django_db(transaction=True)
def test_two_who_change_the_same_hands_at_once_are_both_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second counts when the first has committed, and sees what it did."""
    monkeypatch.setattr("zhike.conversations.draining.look_after_commit", lambda _at: None)
    installed()
    jia = ready(person("jia"))
    inbox = inbox_of()
    first, second = asked(inbox), asked(inbox, who="visitor-2")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            handing.take_over(first, jia, now=NOW)
            other = pool.submit(_take_over_apart, second, jia)
            until(lambda: _waiting_for_a_row() == 1, "the second waits for the first")
        other.result(20)
    assert jia.staff is not None
    assert kept() == counted() == {jia.staff.pk: {"webchat": 2}}


def _take_over_apart(conversation: Conversation, viewer: Viewer) -> None:
    try:
        handing.take_over(conversation, viewer, now=NOW)
    finally:
        connection.close()


def _waiting_for_a_row() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_sign_of_life_between_the_look_and_the_count_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is another one by then although nobody counted him: it is held, and counted after all."""
    monkeypatch.setattr("zhike.conversations.draining.look_after_commit", lambda _at: None)
    installed()
    jia, waits = ready(person("jia")), asked(inbox_of())
    assert jia.staff is not None
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Presence.objects.filter(staff=jia.staff).update(heard_at=NOW)
            other = pool.submit(_take_over_apart, waits, jia)
            until(lambda: _waiting_for_a_row() == 1, "the count waits for the sign of life")
        other.result(20)
    assert kept() == {jia.staff.pk: {"webchat": 1}}


@pytest.mark.django_db
def test_a_claim_counts_who_was_chosen_and_nobody_else() -> None:
    installed(PICK)
    ready(person("yi"), "03-03 08:50")
    jia = ready(person("jia"), "03-03 08:30")
    asked(inbox_of())
    assert claim("talk", "desk", NOW)
    assert jia.staff is not None
    assert kept() == {jia.staff.pk: {"webchat": 1}}
    assert Staff.objects.count() == 2
    keep_hands([jia.staff.pk], NOW)
    assert idle() == {number for number in Staff.objects.values_list("pk", flat=True) if number != jia.staff.pk}


CHAINS = (
    ("longest_idle",),
    ("longest_idle", "fewest_today", "lowest_number"),
    ("least_loaded",),
    ("least_loaded", "longest_idle"),
    ("least_loaded", "lowest_number"),
    ("lowest_number", "least_loaded"),
)


@pytest.mark.django_db
@pytest.mark.parametrize("chain", CHAINS)
def test_whoever_is_chosen_of_the_first_few_would_have_been_chosen_of_all(
    monkeypatch: pytest.MonkeyPatch, chain: tuple[str, ...]
) -> None:
    monkeypatch.setattr(candidates, "MOST_REASONS", 3)
    monkeypatch.setattr(routing, "MOST_REASONS", 3)
    random = Random("/".join(chain))
    installed(PICK | {"strategy": chain[0], "then": list(chain[1:])}, queues=[DESK | {"capacity": {"webchat": 3}}])
    people, inbox = [person(f"{number:02d}") for number in random.sample(range(40), 14)], inbox_of()
    for one in people:
        if random.random() < 0.8:
            ready(one, f"03-03 08:{random.randrange(4):02d}", media=random.choice((["webchat"], ["email"], [])))
        for n in range(random.randrange(4)):
            handing.take_over(asked(inbox, who=f"{one.principal}/{n}"), one, now=NOW)
    staff = [one.staff.pk for one in people if one.staff]
    for number in range(12):
        waits = asked(inbox, who=f"visitor-{number}")
        passed = random.sample(staff, random.choice((0, 0, 3, 12)))
        Conversation.objects.filter(pk=waits.pk).update(passed_over=passed)
        expected = _chosen_of_all(waits)
        assert claim("talk", "desk", NOW) is (expected is not None)
        assert Conversation.objects.get(pk=waits.pk).offered_to_id == expected
        Conversation.objects.filter(pk=waits.pk, state="waiting").update(state="closed")


def _chosen_of_all(waits: Conversation) -> int | None:
    row = Conversation.objects.get(pk=waits.pk)
    book = written.book_for(row)
    queue, clause = book.handbook.queues[0], routing.clause_for(row, book, NOW)
    assert clause is not None
    team = candidates.team_of(book, queue, clause, row.medium, NOW, everybody=True)
    choice = choose(clause, team.candidates, routing.contact_of(row, book, routing.Teams(NOW), NOW))
    return team.people[choice.candidate.key] if choice.candidate else None


@pytest.mark.django_db
def test_of_many_who_are_free_the_first_are_explained_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_REASONS", 2)
    monkeypatch.setattr(routing, "MOST_REASONS", 2)
    installed(PICK)
    for number in range(5):
        ready(person(f"a{number}"), f"03-03 08:{30 + number}")
    waits = asked(inbox_of())
    assert claim("talk", "desk", NOW)
    words = [each["why"]["zh"] for each in waits.choices.get().because]
    assert words == ["空闲 1860 秒", "空闲 1800 秒", "另有 3 人，其中 3 人空闲"]
