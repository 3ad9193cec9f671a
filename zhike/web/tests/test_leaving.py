"""Somebody leaves: everything he holds goes to fit successors or nothing happens, and his access ends at that moment."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from zhike.cases.actions import open_case
from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.clocks.queries import open_clocks
from zhike.duties.models import Obligation
from zhike.handbook.common import Text
from zhike.journal.models import Fact
from zhike.notices.actions import Tell, tell
from zhike.notices.models import Notice
from zhike.org.actions import OrgRefused, assign_role, enable_staff
from zhike.org.credentials import set_password
from zhike.org.holdings import holdings_of
from zhike.org.leaving import leave_staff, return_staff
from zhike.org.models import Session, Staff
from zhike.web.api.scopes import SCOPES
from zhike.web.api.tokens import create_token
from zhike.web.live.accounts import accounts_of
from zhike.web.tests.world import PASSWORD, World


@pytest.fixture
def two(world: World) -> World:
    """A second agent beside the first."""
    mate = world.add("mate")
    assign_role(mate, world.version.name, "hotline_agent", world.departments["hotline"], by="system", now=world.now)
    return world


def let_go(world: World, who: str = "agent", heir: str = "", **heirs: str) -> Staff:
    return leave_staff(
        world.staff[who],
        heir=world.staff[heir] if heir else None,
        heirs={key.replace("_", ":"): world.staff[name] for key, name in heirs.items()},
        by=f"staff:{world.staff['boss'].pk}",
        now=world.now,
    )


def kept_by(case: Case) -> str:
    owner = Case.objects.get(pk=case.pk).owner
    assert owner is not None
    return owner.username


def facts(kind: str) -> list[Fact]:
    return list(Fact.objects.filter(type=kind).order_by("id"))


def test_cases_go_to_the_successor_with_the_clocks_their_owner_held(two: World) -> None:
    warning = two.warning()
    agent, mate = two.staff["agent"], two.staff["mate"]
    assert [c.holders for c in open_clocks(("case", warning.pk))] == [[f"staff:{agent.pk}"]]
    due = open_clocks(("case", warning.pk))[0].due_at
    let_go(two, heir="mate")
    (clock,) = open_clocks(("case", warning.pk))
    assert (clock.holders, clock.due_at) == ([f"staff:{mate.pk}"], due)
    assert kept_by(warning) == "mate"
    assert not Clock.objects.filter(holders__contains=[f"staff:{agent.pk}"], state__in=Clock.UNDECIDED).exists()
    assert not Obligation.objects.filter(holders__contains=[f"staff:{agent.pk}"], is_open=True).exists()
    warning.refresh_from_db()
    assert f"staff:{mate.pk}" in warning.audience


def test_a_row_of_its_own_goes_before_the_one_for_all(two: World) -> None:
    third = two.add("third")
    assign_role(third, two.version.name, "hotline_agent", two.departments["hotline"], by="system", now=two.now)
    first, second = two.ticket(), two.ticket("结账太慢")
    let_go(two, heir="mate", **{f"case_{second.pk}": "third"})
    assert (kept_by(first), kept_by(second)) == ("mate", "third")


def test_without_a_fit_successor_for_each_row_nothing_at_all_happens(two: World) -> None:
    first, second = two.ticket(), two.ticket("结账太慢")
    with pytest.raises(OrgRefused) as refused:
        let_go(two, **{f"case_{first.pk}": "mate"})
    assert list(refused.value.problems) == [f"case:{second.pk}"]
    with pytest.raises(OrgRefused) as refused:
        let_go(two, heir="mate", **{f"case_{first.pk}": "manager1"})
    assert "岗位" in refused.value.problems[f"case:{first.pk}"].zh
    assert (kept_by(first), kept_by(second)) == ("agent", "agent")
    assert Staff.objects.get(username="agent").is_active
    assert facts("staff.left") == []


def test_a_disabled_successor_takes_nothing(two: World) -> None:
    case = two.ticket()
    Staff.objects.filter(username="mate").update(is_active=False)
    with pytest.raises(OrgRefused) as refused:
        let_go(two, heir="mate")
    assert "停用" in refused.value.problems[f"case:{case.pk}"].zh


def test_what_a_role_holds_needs_no_successor(two: World) -> None:
    two.warning()
    assert all(rows == [] for rows in holdings_of(two.staff["supervisor"], two.now).values())
    let_go(two, "supervisor")
    assert not Staff.objects.get(username="supervisor").is_active


def test_sessions_streams_and_tokens_end_at_once(two: World) -> None:
    browser = two.signed_in("agent")
    session = Session.objects.get().session_key
    _, secret = create_token(
        name="示例对接", owner=two.staff["agent"], scopes=SCOPES, expires_at=two.now + dt.timedelta(days=9),
        by=two.viewer("boss"), now=two.now,
    )  # fmt: skip
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert browser.get("/desk").status_code == 200
    assert program.get("/api/cases").status_code == 200
    assert accounts_of([session])
    let_go(two)
    assert browser.get("/desk").status_code == 302
    assert program.get("/api/cases").status_code == 401
    assert accounts_of([session]) == {}
    assert [fact.subject_id for fact in facts("api_token.revoked")] == [two.staff["agent"].pk]


def test_returning_brings_back_neither_old_sessions_nor_tokens_nor_work(two: World) -> None:
    case = two.ticket()
    browser = two.signed_in("agent")
    create_token(
        name="示例对接", owner=two.staff["agent"], scopes=SCOPES, expires_at=two.now + dt.timedelta(days=9),
        by=two.viewer("boss"), now=two.now,
    )  # fmt: skip
    let_go(two, heir="mate")
    return_staff(two.staff["agent"], by="staff:1", now=two.now)
    back = Staff.objects.get(username="agent")
    assert back.is_active
    assert not back.check_password(PASSWORD)
    assert browser.get("/desk").status_code == 302
    assert kept_by(case) == "mate"
    assert back.api_tokens.filter(revoked_at=None).count() == 0
    assert two.viewer("agent").in_role("retail-hotline", "hotline_agent")
    assert len(facts("staff.returned")) == 1
    set_password(back, "another-long-password-2", by="staff:1", now=two.now)
    assert Client().login(username="agent", password="another-long-password-2")


def test_who_left_is_not_simply_enabled_again(two: World) -> None:
    let_go(two)
    with pytest.raises(OrgRefused):
        enable_staff(two.staff["agent"], by="staff:1", now=two.now)
    with pytest.raises(OrgRefused):
        return_staff(two.staff["mate"], by="staff:1", now=two.now)


def test_nobody_lets_himself_go_and_the_last_administrator_stays(two: World) -> None:
    boss = two.staff["boss"]
    with pytest.raises(OrgRefused):
        leave_staff(boss, by=f"staff:{boss.pk}", now=two.now)
    with pytest.raises(OrgRefused) as refused:
        leave_staff(boss, by="staff:999", now=two.now)
    assert "最后一位管理员" in refused.value.problems[""].zh
    two.add("second", is_admin=True)
    with pytest.raises(OrgRefused) as refused:
        leave_staff(boss, by=f"staff:{boss.pk}", now=two.now)
    assert "另一位管理员" in refused.value.problems[""].zh


def test_unread_notices_are_shown_to_the_one_successor_and_he_is_told_what_came(two: World) -> None:
    case = two.ticket()
    agent, mate = two.staff["agent"].pk, two.staff["mate"].pk
    words = Text(zh="示例通知", en="Sample")
    (mine,) = tell([Tell(two.now, [f"staff:{agent}"], "told", "", "", ("case", case.pk), words)])
    let_go(two, heir="mate")
    assert Notice.objects.get(pk=mine).to == [f"staff:{agent}", f"staff:{mate}"]
    told = Notice.objects.exclude(pk=mine).get()
    assert (told.to, "2 件事" in told.words["zh"]) == ([f"staff:{mate}"], True)


def test_the_fact_says_what_went_to_whom(two: World) -> None:
    case = two.ticket()
    let_go(two, heir="mate")
    (left,) = facts("staff.left")
    assert [(row["key"], row["to"]) for row in left.payload["handed"]] == [(f"case:{case.pk}", two.staff["mate"].pk)]
    assert case.number in left.payload["handed"][0]["zh"]
    assert case.title not in str(left.payload)
    (owner,) = facts("case.owner_changed")
    assert owner.actor == f"staff:{two.staff['boss'].pk}"


def test_what_reaches_him_between_page_and_press_goes_along(two: World) -> None:
    boss = two.signed_in("boss")
    address = f"/administration/staff/{two.staff['agent'].pk}/leave"
    assert boss.get(address).status_code == 200
    case = two.ticket()
    boss.post(address, {"heir": two.staff["mate"].pk})
    assert kept_by(case) == "mate"


def test_the_page_names_every_row_and_comes_back_with_what_is_wrong(two: World) -> None:
    boss = two.signed_in("boss")
    case = two.ticket()
    address = f"/administration/staff/{two.staff['agent'].pk}/leave"
    page = boss.get(address).content.decode()
    assert case.number in page
    assert case.title not in page
    assert "示例mate" in page
    answer = boss.post(address, {})
    assert answer.status_code == 422
    assert "请选择由谁接手" in answer.content.decode()
    done = boss.post(address, {f"to_case:{case.pk}": two.staff["mate"].pk}, follow=True).content.decode()
    assert "已离职" in done
    assert "离职时交出的工作" in done
    back = boss.post(f"/administration/staff/{two.staff['agent'].pk}/return", follow=True).content.decode()
    assert "已返岗" in back
    assert kept_by(case) == "mate"


def test_the_page_warns_of_roles_nobody_else_holds(two: World) -> None:
    page = two.signed_in("boss").get(f"/administration/staff/{two.staff['manager1'].pk}/leave").content.decode()
    assert "这些岗位没有人了" in page
    page = two.signed_in("boss").get(f"/administration/staff/{two.staff['agent'].pk}/leave").content.decode()
    assert "这些岗位没有人了" not in page


def test_only_administrators_let_people_go(two: World) -> None:
    address = f"/administration/staff/{two.staff['agent'].pk}"
    for who in ("supervisor", "agent", "outsider"):
        for path in (f"{address}/leave", f"{address}/return"):
            assert two.signed_in(who).post(path).status_code == 403


@pytest.mark.parametrize("heir", ["0", "-1", "9" * 30, "x", ""])
def test_a_made_up_successor_is_nobody(two: World, heir: str) -> None:
    case = two.ticket()
    answer = two.signed_in("boss").post(f"/administration/staff/{two.staff['agent'].pk}/leave", {"heir": heir})
    assert answer.status_code == 422
    assert kept_by(case) == "agent"


def test_a_hundred_and_twenty_cases_go_in_one_press(two: World) -> None:
    values = {
        "caller_name": "示例顾客", "caller_phone": "13800000101", "service_class": "complaint",
        "complaint_item": "service_quality", "store": two.departments["store-1"].pk, "content": "示例",
    }  # fmt: skip
    for _ in range(120):
        open_case(two.version, "service_ticket", "register", values, by=two.viewer("agent"), now=two.now)
    page = two.signed_in("boss").get(f"/administration/staff/{two.staff['agent'].pk}/leave").content.decode()
    assert "还有 20 件" in page
    let_go(two, heir="mate")
    assert Case.objects.filter(owner=two.staff["mate"]).count() == 120
