"""Passwords that are good enough, and links that set one: once, until they expire, and only the newest."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from zhike.journal.models import Fact
from zhike.org import credentials
from zhike.org.actions import OrgRefused, add_staff, disable_staff, enable_staff
from zhike.org.credentials import (
    LinkGone,
    change_own_password,
    check_password,
    link_of,
    make_link,
    open_link,
    revoke_link,
    set_password,
    use_link,
)
from zhike.org.models import PasswordLink, Staff
from zhike.org.sign_in_rules import change_rules

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")
BOSS = {"by": "staff:999999", "now": NOW}
GOOD = "harbour-lamp-41"


@pytest.fixture
def agent() -> Staff:
    return add_staff(username="liming", name="Li Ming", phone="13800000101", password="the-old-one-9", **BOSS)  # type: ignore[arg-type]


def told() -> list[str]:
    return list(Fact.objects.order_by("id").values_list("type", flat=True))


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short-1", "至少 10 位，请再加长"),
        ("password123", "一猜就中"),
        ("liming12345", "与它们无关"),
        ("13800000101", "与它们无关"),
        ("liming-liming-1", "与它们无关"),
        ("Zhike-LiMing-9", "与它们无关"),
        ("829164027351", "请加上字母"),
        ("x" * 201, "最多 200 位"),
    ],
)
def test_a_weak_password_is_refused_with_what_to_do(agent: Staff, password: str, words: str) -> None:
    with pytest.raises(OrgRefused) as refused:
        check_password(password, agent)
    assert words in refused.value.problems["password"].zh
    assert refused.value.problems["password"].en


@pytest.mark.parametrize("password", [GOOD, "海港 灯塔 四十一 木船 雨", "x" * 99 + "yz7", "correct horse battery"])
def test_a_good_password_of_any_characters_is_taken(agent: Staff, password: str) -> None:
    set_password(agent, password, **BOSS)  # type: ignore[arg-type]
    assert Staff.objects.get().check_password(password)


def test_the_installation_says_how_long_a_password_is(agent: Staff) -> None:
    change_rules(password_length=16, link_hours=72, second_factor="nobody", roles=[], by=None, now=NOW)
    with pytest.raises(OrgRefused, match="至少 16 位"):
        check_password(GOOD, agent)
    check_password("harbour-lamp-41-boat", agent)


def test_the_facts_hold_neither_password_nor_link(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    use_link(secret, GOOD, now=NOW)
    assert told() == ["staff.added", "staff.password_link_made", "staff.password_set"]
    kept = str(list(Fact.objects.values("payload"))) + str(list(PasswordLink.objects.values()))
    assert GOOD not in kept
    assert secret not in kept


def test_a_link_sets_a_password_once(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    use_link(secret, GOOD, now=NOW)
    assert Staff.objects.get().check_password(GOOD)
    with pytest.raises(LinkGone):
        use_link(secret, "another-good-one-5", now=NOW)
    assert Staff.objects.get().check_password(GOOD)


def test_of_two_who_use_a_link_at_once_one_sets_the_password(agent: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]

    def slowly(password: str, staff: Staff) -> None:
        monkeypatch.setattr(credentials, "check_password", check_password)
        use_link(secret, "the-other-one-is-first", now=NOW)

    monkeypatch.setattr(credentials, "check_password", slowly)
    with pytest.raises(LinkGone):
        use_link(secret, GOOD, now=NOW)
    assert Staff.objects.get().check_password("the-other-one-is-first")


def test_a_used_link_is_gone_to_look_at_as_well(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    use_link(secret, GOOD, now=NOW)
    with pytest.raises(LinkGone):
        link_of(secret, NOW)


def test_a_weak_password_uses_no_link_up(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    with pytest.raises(OrgRefused):
        use_link(secret, "short", now=NOW)
    assert use_link(secret, GOOD, now=NOW) == agent


def test_a_link_ends_after_three_days(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    assert link_of(secret, NOW + dt.timedelta(hours=71, minutes=59)).staff == agent
    with pytest.raises(LinkGone):
        link_of(secret, NOW + dt.timedelta(hours=72))
    with pytest.raises(LinkGone):
        use_link(secret, GOOD, now=NOW + dt.timedelta(hours=72))


def test_a_new_link_takes_the_place_of_the_old_one(agent: Staff) -> None:
    _, first = make_link(agent, **BOSS)  # type: ignore[arg-type]
    _, second = make_link(agent, **BOSS)  # type: ignore[arg-type]
    with pytest.raises(LinkGone):
        link_of(first, NOW)
    assert link_of(second, NOW).staff == agent


def test_no_two_links_of_one_person_are_open_whoever_makes_them_at_once(agent: Staff) -> None:
    held, _ = make_link(agent, **BOSS)  # type: ignore[arg-type]
    with pytest.raises(IntegrityError), transaction.atomic():
        PasswordLink.objects.create(staff=agent, digest="d", made_at=NOW, made_by="staff:1", expires_at=held.expires_at)


def test_a_revoked_link_opens_nothing(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    assert revoke_link(agent, **BOSS)  # type: ignore[arg-type]
    assert not revoke_link(agent, **BOSS)  # type: ignore[arg-type]
    assert open_link(agent, NOW) is None
    with pytest.raises(LinkGone):
        link_of(secret, NOW)


def test_a_password_set_in_another_way_closes_the_link(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    change_own_password(agent, "the-old-one-9", GOOD, now=NOW, keep="")
    with pytest.raises(LinkGone):
        link_of(secret, NOW)


def test_a_disabled_person_gets_no_link_and_uses_none(agent: Staff) -> None:
    _, secret = make_link(agent, **BOSS)  # type: ignore[arg-type]
    disabled = disable_staff(agent, **BOSS)  # type: ignore[arg-type]
    with pytest.raises(LinkGone):
        link_of(secret, NOW)
    enable_staff(disabled, **BOSS)  # type: ignore[arg-type]
    with pytest.raises(LinkGone):
        link_of(secret, NOW)
    disabled = disable_staff(disabled, **BOSS)  # type: ignore[arg-type]
    with pytest.raises(OrgRefused):
        make_link(disabled, **BOSS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", GOOD, "old"), ("the-old-one-9", "the-old-one-9", "password"), ("the-old-one-9", "short", "password")],
)
def test_ones_own_password_changes_for_whoever_knows_the_old_one(agent: Staff, old: str, new: str, field: str) -> None:
    with pytest.raises(OrgRefused) as refused:
        change_own_password(agent, old, new, now=NOW, keep="")
    assert list(refused.value.problems) == [field]
    assert Staff.objects.get().check_password("the-old-one-9")
