"""Codes of the telephone and recovery codes: taken once, half a minute early or late, never again."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest

from zhike.journal.models import Fact
from zhike.org import keys
from zhike.org.actions import OrgRefused, add_staff, assign_role, edit_staff
from zhike.org.hashers import RecoveryHasher
from zhike.org.models import RecoveryCode, SecondFactor, Session, Staff
from zhike.org.second_factor import (
    accept_code,
    begin_set_up,
    codes_left,
    confirm_set_up,
    has_second_factor,
    make_recovery_codes,
    remove_second_factor,
    set_up_of,
)
from zhike.org.sessions import ENTERED, SessionStore, end_session, end_sessions, entered, handle_of, sessions_of
from zhike.org.sign_in_rules import change_rules, lacks_second_factor, needs_second_factor
from zhike.org.tasks import forget_sessions

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")
HALF_MINUTE = dt.timedelta(seconds=30)
OPEN = {"password_length": 10, "link_hours": 72, "by": None, "now": NOW}


def person(username: str, *, is_admin: bool = False) -> Staff:
    return add_staff(username=username, name="示例", by="system", now=NOW, is_admin=is_admin)


@pytest.fixture
def agent() -> Staff:
    return person("agent")


def switch_on(staff: Staff, at: dt.datetime = NOW - 10 * HALF_MINUTE) -> tuple[str, list[str]]:
    """(the secret, the recovery codes)"""
    number = begin_set_up(staff, now=NOW)
    secret = set_up_of(staff, number)
    return secret, confirm_set_up(staff, number, pyotp.TOTP(secret).at(at), at=at, now=NOW)


def session(staff: Staff, *, second_factor: bool = False) -> str:
    store = SessionStore()
    store["_auth_user_id"] = str(staff.pk)
    store[ENTERED] = entered(address="192.0.2.7", device="Firefox", second_factor=second_factor, now=NOW)
    store.save()
    return store.session_key or ""


def told() -> list[str]:
    return [name for name in Fact.objects.order_by("id").values_list("type", flat=True) if name != "staff.added"]


@pytest.mark.parametrize(("steps", "taken"), [(-2, ""), (-1, "totp"), (0, "totp"), (1, "totp"), (2, "")])
def test_a_code_counts_half_a_minute_early_or_late(agent: Staff, steps: int, taken: str) -> None:
    secret, _ = switch_on(agent)
    assert accept_code(agent, pyotp.TOTP(secret).at(NOW + steps * HALF_MINUTE), at=NOW, now=NOW) == taken


def test_a_code_counts_once(agent: Staff) -> None:
    secret, _ = switch_on(agent)
    code = pyotp.TOTP(secret).at(NOW)
    assert accept_code(agent, code, at=NOW, now=NOW) == "totp"
    assert accept_code(agent, code, at=NOW, now=NOW) == ""


def test_the_code_before_the_last_one_is_too_old(agent: Staff) -> None:
    secret, _ = switch_on(agent)
    assert accept_code(agent, pyotp.TOTP(secret).at(NOW), at=NOW, now=NOW) == "totp"
    assert accept_code(agent, pyotp.TOTP(secret).at(NOW - HALF_MINUTE), at=NOW, now=NOW) == ""


def test_the_code_that_switched_it_on_does_not_sign_in_as_well(agent: Staff) -> None:
    secret, _ = switch_on(agent, at=NOW)
    assert accept_code(agent, pyotp.TOTP(secret).at(NOW), at=NOW, now=NOW) == ""


def test_codes_are_read_as_people_type_them(agent: Staff) -> None:
    secret, codes = switch_on(agent)
    code = pyotp.TOTP(secret).at(NOW)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert accept_code(agent, f" {wide[:3]} {wide[3:]} ", at=NOW, now=NOW) == "totp"
    assert accept_code(agent, codes[0].upper().replace("-", " "), at=NOW, now=NOW) == "recovery"


@pytest.mark.parametrize("typed", ["", "000000", "abc", "９" * 6, "\0" * 6, "1" * 10_000, "é" * 6])
def test_a_wrong_code_is_wrong(agent: Staff, typed: str) -> None:
    switch_on(agent)
    assert accept_code(agent, typed, at=dt.datetime(2025, 6, 10, 1, 2, tzinfo=dt.UTC), now=NOW) == ""


def test_a_recovery_code_works_once_and_is_kept_as_a_hash(agent: Staff) -> None:
    _, codes = switch_on(agent)
    assert len(set(codes)) == 10
    assert accept_code(agent, codes[3], at=NOW, now=NOW) == "recovery"
    assert accept_code(agent, codes[3], at=NOW, now=NOW) == ""
    assert codes_left(agent) == 9
    plain = [code.replace("-", "") for code in codes]
    assert not any(code[3:] in str(list(RecoveryCode.objects.values())) for code in plain)


def test_new_recovery_codes_end_the_old_ones(agent: Staff) -> None:
    _, old = switch_on(agent)
    new = make_recovery_codes(agent, by="staff:1", now=NOW)
    assert accept_code(agent, old[0], at=NOW, now=NOW) == ""
    assert accept_code(agent, new[0], at=NOW, now=NOW) == "recovery"


def test_nobody_uses_anothers_codes(agent: Staff) -> None:
    secret, codes = switch_on(agent)
    other = person("other")
    switch_on(other)
    assert accept_code(other, pyotp.TOTP(secret).at(NOW), at=NOW, now=NOW) == ""
    assert accept_code(other, codes[0], at=NOW, now=NOW) == ""


def test_a_set_up_that_was_not_confirmed_asks_nobody_for_codes(agent: Staff) -> None:
    number = begin_set_up(agent, now=NOW)
    with pytest.raises(OrgRefused):
        confirm_set_up(agent, number, "000000", at=NOW, now=NOW)
    assert not has_second_factor(agent)


def test_a_set_up_belongs_to_whoever_began_it_last(agent: Staff) -> None:
    """Somebody who knows the password looks at a secret; what the owner scans later is another one."""
    watched = begin_set_up(agent, now=NOW)
    seen = set_up_of(agent, watched)
    mine = begin_set_up(agent, now=NOW)
    assert set_up_of(agent, watched) == ""
    assert set_up_of(agent, mine) not in ("", seen)
    with pytest.raises(OrgRefused):
        confirm_set_up(agent, watched, pyotp.TOTP(seen).at(NOW), at=NOW, now=NOW)


def test_another_telephone_takes_the_place_of_the_old_one_when_it_was_confirmed(agent: Staff) -> None:
    old, _ = switch_on(agent)
    number = begin_set_up(agent, now=NOW)
    assert accept_code(agent, pyotp.TOTP(old).at(NOW), at=NOW, now=NOW) == "totp"
    new = set_up_of(agent, number)
    confirm_set_up(agent, number, pyotp.TOTP(new).at(NOW), at=NOW, now=NOW)
    later = NOW + 4 * HALF_MINUTE
    assert accept_code(agent, pyotp.TOTP(old).at(later), at=later, now=NOW) == ""
    assert accept_code(agent, pyotp.TOTP(new).at(later), at=later, now=NOW) == "totp"
    assert SecondFactor.objects.count() == 1


def test_the_secret_is_sealed_and_a_rotation_seals_it_again(agent: Staff) -> None:
    secret, _ = switch_on(agent)
    before = SecondFactor.objects.get()
    assert secret.encode() not in bytes(before.sealed)
    keys.rotate_keys(now=NOW)
    after = SecondFactor.objects.get()
    assert after.key_id == keys.keyring().newest != before.key_id
    assert accept_code(agent, pyotp.TOTP(secret).at(NOW), at=NOW, now=NOW) == "totp"


def test_switching_on_and_removing_end_the_other_sessions_and_are_facts(agent: Staff) -> None:
    here, there = session(agent), session(agent)
    number = begin_set_up(agent, now=NOW)
    code = pyotp.TOTP(set_up_of(agent, number)).at(NOW)
    confirm_set_up(agent, number, code, at=NOW, now=NOW, keep=here)
    assert [row.session_key for row in sessions_of(agent)] == [here] != [there]
    assert remove_second_factor(agent, by="staff:99", now=NOW)
    assert not sessions_of(agent).exists()
    assert (has_second_factor(agent), codes_left(agent)) == (False, 0)
    assert told() == [
        "staff.second_factor_set", "staff.recovery_codes_made", "staff.sessions_ended",
        "staff.second_factor_removed", "staff.sessions_ended",
    ]  # fmt: skip


def test_who_needs_a_second_factor() -> None:
    agent, boss, lead = person("agent"), person("boss", is_admin=True), person("lead")
    assign_role(lead, "shop", "lead", by="system", now=NOW)

    def needing() -> list[str]:
        return [each.username for each in (agent, boss, lead) if needs_second_factor(each)]

    assert needing() == []
    for second_factor, roles, names in (
        ("administrators", [], ["boss"]),
        ("roles", ["shop:lead"], ["boss", "lead"]),
        ("everybody", [], ["agent", "boss", "lead"]),
        ("nobody", [], []),
    ):
        change_rules(second_factor=second_factor, roles=roles, **OPEN)  # type: ignore[arg-type]
        assert needing() == names
    change_rules(second_factor="everybody", roles=[], **OPEN)  # type: ignore[arg-type]
    switch_on(agent)
    assert [lacks_second_factor(each) for each in (agent, boss, lead)] == [False, True, True]


def test_nobody_removes_his_own_second_factor_while_he_needs_one(agent: Staff) -> None:
    switch_on(agent)
    change_rules(second_factor="everybody", roles=[], **OPEN)  # type: ignore[arg-type]
    with pytest.raises(OrgRefused):
        remove_second_factor(agent, by=f"staff:{agent.pk}", now=NOW)
    assert has_second_factor(agent)
    assert remove_second_factor(agent, by="staff:99", now=NOW)


def test_new_rules_end_the_sessions_that_do_not_keep_them() -> None:
    with_it, without = person("with"), person("without")
    switch_on(with_it)
    kept, ended = session(with_it, second_factor=True), session(without)
    change_rules(second_factor="everybody", roles=[], **OPEN)  # type: ignore[arg-type]
    assert [row.session_key for row in sessions_of(with_it)] == [kept]
    assert not Session.objects.filter(session_key=ended).exists()


def test_a_role_or_a_right_that_asks_for_more_ends_the_session() -> None:
    change_rules(second_factor="roles", roles=["shop:lead"], **OPEN)  # type: ignore[arg-type]
    agent, other = person("agent"), person("other")
    session(agent)
    session(other)
    assign_role(agent, "shop", "clerk", by="system", now=NOW)
    assert sessions_of(agent).count() == 1
    assign_role(agent, "shop", "lead", by="system", now=NOW)
    assert sessions_of(agent).count() == 0
    edit_staff(other, {"is_admin": True}, by="system", now=NOW)
    assert sessions_of(other).count() == 0


def test_an_administrator_does_not_lock_himself_out() -> None:
    boss = person("boss", is_admin=True)
    rules = {**OPEN, "by": boss}
    for who in ("administrators", "everybody"):
        with pytest.raises(OrgRefused, match="先在"):
            change_rules(second_factor=who, roles=[], **rules)  # type: ignore[arg-type]
    assert not needs_second_factor(boss)
    switch_on(boss)
    change_rules(second_factor="administrators", roles=[], **rules)  # type: ignore[arg-type]
    assert told()[-1] == "sign_in_rules.changed"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password_length": 7}, "password_length"), ({"password_length": 65}, "password_length"),
        ({"link_hours": 0}, "link_hours"), ({"link_hours": 337}, "link_hours"),
        ({"second_factor": "some"}, "second_factor"), ({"second_factor": "roles"}, "roles"),
    ],
)  # fmt: skip
def test_rules_outside_their_bounds_are_refused(change: dict[str, object], field: str) -> None:
    with pytest.raises(OrgRefused) as refused:
        change_rules(**{**OPEN, "second_factor": "nobody", "roles": [], **change})  # type: ignore[arg-type]
    assert list(refused.value.problems) == [field]


def test_sessions_are_ended_by_their_handle_and_only_ones_own(agent: Staff) -> None:
    other = person("other")
    mine, his = session(agent), session(other)
    assert not end_session(agent, handle_of(his), by="staff:1", now=NOW)
    assert end_session(agent, handle_of(mine), by="staff:1", now=NOW)
    assert not end_session(agent, handle_of(mine), by="staff:1", now=NOW)
    assert sessions_of(other).count() == 1
    assert Fact.objects.filter(type="staff.sessions_ended").get().payload == {"count": 1, "devices": ["Firefox"]}


def test_all_sessions_but_one_end(agent: Staff) -> None:
    keys_made = [session(agent) for _ in range(3)]
    assert end_sessions(agent, by="staff:1", now=NOW, keep=keys_made[1]) == 2
    assert [row.session_key for row in sessions_of(agent)] == [keys_made[1]]
    row = Session.objects.get()
    assert (row.address, row.device, row.since, row.staff_id) == ("192.0.2.7", "Firefox", NOW, agent.pk)


def test_rows_of_sessions_that_have_run_out_are_removed(agent: Staff) -> None:
    old, living = session(agent), session(agent)
    Session.objects.filter(session_key=old).update(expire_date=NOW.replace(year=2001))
    forget_sessions(timestamp=0)
    assert [row.session_key for row in Session.objects.all()] == [living]


def test_recovery_codes_are_hashed_with_argon2() -> None:
    encoded = RecoveryHasher().encode("a-code", "a-salt-of-16-chars")
    assert encoded.startswith("recovery$argon2id$v=19$m=19456,t=2,p=1$")
    assert RecoveryHasher().verify("a-code", encoded)
    assert not RecoveryHasher().verify("b-code", encoded)
