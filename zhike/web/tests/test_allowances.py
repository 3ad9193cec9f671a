"""Limits hold over all processes together: two counters of one name stand for two processes."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from zhike.web.allowances import Allowance, forget_shares
from zhike.web.models import AllowanceWindow

pytestmark = pytest.mark.django_db


def passes(seconds: float) -> None:
    """So much time goes by: in the database, and for what this process remembers."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE web_allowance SET began = began - %s * interval '1 second'", [seconds])
    forget_shares()


def done(allowance: Allowance, times: int, caller: str = "7") -> int:
    """How many of so many calls were allowed."""
    return sum(allowance.allows(caller) for _ in range(times))


def test_one_process_allows_exactly_so_many() -> None:
    assert done(Allowance("x", 600, 60, at_once=20), 650) == 600


def test_two_processes_allow_so_many_together() -> None:
    one, two = Allowance("x", 10, 60), Allowance("x", 10, 60)
    assert [one.allows("7") + two.allows("7") for _ in range(6)] == [2, 2, 2, 2, 2, 0]


@pytest.mark.parametrize("at_once", [1, 3, 20, 100])
def test_never_more_however_many_are_taken_at_once(at_once: int) -> None:
    crew = [Allowance("x", 50, 60, at_once) for _ in range(4)]
    allowed = sum(each.allows("7") for _ in range(60) for each in crew)
    assert 50 - 4 * (at_once - 1) <= allowed <= 50


def test_taking_several_at_once_asks_the_database_once_for_them(django_assert_num_queries: object) -> None:
    allowance = Allowance("x", 600, 60, at_once=20)
    allowance.allows("7")
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert done(allowance, 19) == 19
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert done(allowance, 20) == 20


def test_who_is_over_is_told_so_from_memory_and_how_long() -> None:
    allowance = Allowance("x", 2, 60)
    assert done(allowance, 3) == 2
    before = AllowanceWindow.objects.get().taken
    assert 58 <= allowance.wait("7") <= 60
    assert AllowanceWindow.objects.get().taken == before


def test_a_new_window_begins_when_the_old_one_is_over() -> None:
    allowance = Allowance("x", 2, 60)
    done(allowance, 5)
    passes(59)
    assert done(allowance, 1) == 0
    passes(1)
    assert done(allowance, 3) == 2


def test_callers_and_kinds_are_counted_apart() -> None:
    one, other = Allowance("x", 1, 60), Allowance("y", 1, 60)
    assert done(one, 2, "7") == done(one, 2, "8") == done(other, 2, "7") == 1


def test_a_caller_who_is_over_for_long_does_not_count_up_without_end() -> None:
    for _ in range(50):
        Allowance("x", 5, 60).allows("7")
    assert AllowanceWindow.objects.get().taken == 6


def test_old_windows_go_when_a_new_caller_comes() -> None:
    for caller in range(5):
        Allowance("x", 5, 60).allows(str(caller))
    passes(24 * 3600 + 1)
    Allowance("x", 5, 60).allows("new")
    assert list(AllowanceWindow.objects.values_list("key", flat=True)) == ["x/new"]


def test_the_table_is_not_logged() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'web_allowance'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.django_db(transaction=True)
def test_threads_and_connections_at_once_are_counted_like_one_after_the_other() -> None:
    allowed: list[bool] = []

    def call(allowance: Allowance) -> None:
        allowed.extend(allowance.allows("7") for _ in range(20))
        connection.close()

    shared = Allowance("x", 30, 60, at_once=4)
    crew = [
        threading.Thread(target=call, args=(a,))
        for a in (shared, shared, Allowance("x", 30, 60), Allowance("x", 30, 60))
    ]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert 27 <= sum(allowed) <= 30
