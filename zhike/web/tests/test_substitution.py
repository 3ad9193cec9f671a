"""While somebody is away a colleague acts in his place: with the colleague's rights, named in every deed, and not for ever."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from zhike.cases.actions import take_action
from zhike.cases.models import Case
from zhike.cases.queries import mine, offered
from zhike.cases.refusals import NotYours
from zhike.cases.standing_in import persons_behind
from zhike.clocks.queries import open_clocks
from zhike.handbook.common import Text
from zhike.journal.models import Fact
from zhike.notices.actions import Tell, tell
from zhike.notices.models import Notice
from zhike.org.actions import OrgRefused, assign_role
from zhike.org.handbooks import viewer
from zhike.org.leaving import leave_staff
from zhike.org.models import HandbookVersion, Session, Staff, Substitution
from zhike.org.principals import Viewer
from zhike.org.substitution import NoSuchSubstitution, arrange_substitution, end_substitution, substitutes_at
from zhike.web.api.scopes import SCOPES
from zhike.web.api.tokens import create_token
from zhike.web.live.accounts import accounts_of
from zhike.web.tests.world import World

DAY = dt.timedelta(days=1)
NOTED = {"handling": "示例：已联系门店。"}


@pytest.fixture
def two(world: World) -> World:
    """A second agent, and an action only the owner takes."""
    mate = world.add("mate")
    assign_role(mate, world.version.name, "hotline_agent", world.departments["hotline"], by="system", now=world.now)
    source = json.loads(json.dumps(world.version.source))
    ticket = next(p for p in source["processes"] if p["id"] == "service_ticket")
    for action in ticket["actions"]:
        if action["id"] in ("raise_warning", "note_handling"):
            action["by"] = ["owner"]
    world.version = HandbookVersion.objects.create(
        name=world.version.name,
        version="2",
        effective_from=world.now,
        source=source,
        text=world.version.text,
        digest="2" * 64,
    )
    return world


def away(world: World, who: str = "agent", by: str = "mate", days: float = 2, after: float = 0) -> Substitution:
    begin = world.now + after * DAY
    return arrange_substitution(
        world.staff[who], world.staff[by], since=begin, until=begin + days * DAY, by=world.viewer(who), now=world.now
    )


def at_work(world: World, who: str) -> Viewer:
    """Who he is at this moment, as a request finds him."""
    return viewer(Staff.objects.get(username=who), world.now)


def raise_warning(world: World, case: Case, by: Viewer) -> Case:
    return take_action(case.pk, "raise_warning", {"reason": "hard"}, by=by, now=world.now)


def write_down(world: World, case: Case, by: Viewer) -> Case:
    return take_action(case.pk, "note_handling", NOTED, by=by, now=world.now)


def taken(case: Case) -> list[Fact]:
    return list(Fact.objects.filter(type="case.action_taken", subject_kind="case", subject_id=case.pk).order_by("id"))


def test_only_the_owner_may_until_somebody_stands_in_for_him(two: World) -> None:
    case = two.ticket()
    with pytest.raises(NotYours):
        raise_warning(two, case, at_work(two, "mate"))
    away(two)
    assert any(offer.allowed and offer.action.id == "raise_warning" for offer in offered(case, at_work(two, "mate")))
    raise_warning(two, case, at_work(two, "mate"))
    fact = taken(case)[-1]
    agent, mate = (f"staff:{two.staff[who].pk}" for who in ("agent", "mate"))
    assert (fact.actor, fact.payload["in_place_of"]) == (mate, agent)
    assert persons_behind(case.pk, agent) == {mate}


def test_who_acts_for_himself_acts_in_nobodys_place(two: World) -> None:
    case = two.ticket()
    away(two, "mate", "agent")
    raise_warning(two, case, at_work(two, "agent"))
    assert taken(case)[-1].payload["in_place_of"] == ""


def test_a_substitute_without_the_role_gains_nothing(two: World) -> None:
    case = two.ticket()
    away(two, by="outsider")
    outsider = at_work(two, "outsider")
    assert outsider.stood_for == {f"staff:{two.staff['agent'].pk}"}
    assert mine(outsider) == []
    assert not outsider.holds(case.audience)
    browser = two.signed_in("outsider")
    assert browser.get(f"/cases/{case.number}").status_code == 403
    with pytest.raises(NotYours):
        raise_warning(two, case, outsider)
    away(two, "manager1", "supervisor")
    supervisor = at_work(two, "supervisor")
    with pytest.raises(NotYours):
        raise_warning(two, case, supervisor)


def test_a_substitute_who_sees_the_case_but_lacks_the_role_may_look_and_not_act(two: World) -> None:
    case = two.ticket()
    Case.objects.filter(pk=case.pk).update(holders=[f"staff:{two.staff['agent'].pk}"])
    away(two, by="supervisor")
    supervisor = at_work(two, "supervisor")
    assert supervisor.holds(case.audience)
    assert [found.pk for found in mine(supervisor)] == [case.pk]
    with pytest.raises(NotYours):
        write_down(two, case, supervisor)
    write_down(two, case, at_work(two, "agent"))


def test_a_substitute_with_the_role_who_may_not_see_the_case_does_not_act_on_it(two: World) -> None:
    case = two.ticket()
    Case.objects.filter(pk=case.pk).update(audience=[f"staff:{two.staff['agent'].pk}"])
    away(two)
    mate = at_work(two, "mate")
    assert mine(mate) == []
    with pytest.raises(NotYours):
        write_down(two, case, mate)


def test_the_substitutes_keys_stay_his_own_everywhere(two: World) -> None:
    away(two)
    mate = at_work(two, "mate")
    assert mate.keys == viewer(two.staff["mate"]).keys
    assert f"staff:{two.staff['agent'].pk}" not in mate.keys
    two.signed_in("mate")
    (account,) = accounts_of([Session.objects.get().session_key]).values()
    assert account.keys == mate.keys


def test_what_waits_for_the_absent_one_stands_on_the_substitutes_desk(two: World) -> None:
    warning = two.warning()
    mate_sees = {case.pk for case in mine(at_work(two, "mate"))}
    assert warning.pk not in mate_sees
    made = away(two)
    assert warning.pk in {case.pk for case in mine(at_work(two, "mate"))}
    page = two.signed_in("mate").get("/desk").content.decode()
    assert "代 示例agent" in page
    assert "示例agent（示例mate 代）" in two.signed_in("mate").get(f"/cases/{warning.number}").content.decode()
    end_substitution(made.pk, by=two.viewer("agent"), now=two.now)
    assert warning.pk not in {case.pk for case in mine(at_work(two, "mate"))}


def test_it_ends_by_itself(two: World) -> None:
    away(two, days=1)
    assert at_work(two, "mate").stands_for == ((two.staff["agent"].pk, "示例agent"),)
    two.later(24 * 60 - 1)
    assert at_work(two, "mate").stands_for != ()
    two.later(1)
    assert at_work(two, "mate").stands_for == ()
    assert substitutes_at([two.staff["agent"].pk], two.now) == {}


def test_it_has_not_begun_before_its_time(two: World) -> None:
    away(two, after=1)
    assert at_work(two, "mate").stands_for == ()
    two.later(24 * 60)
    assert at_work(two, "mate").stands_for != ()


def test_the_clock_is_stopped_in_the_absent_ones_place(two: World) -> None:
    warning = two.warning()
    agent = f"staff:{two.staff['agent'].pk}"
    assert open_clocks(("case", warning.pk))[0].holders == [agent]
    away(two)
    values = {
        "customer_mobile": "13800000101", "district": "sample_east", "reported_issue": "示例", "verification_status": "示例",
        "dissatisfaction_point": "示例", "difficulty": "示例",
    }  # fmt: skip
    take_action(warning.pk, "submit", values, by=at_work(two, "mate"), now=two.now)
    assert agent not in {holder for clock in open_clocks(("case", warning.pk)) for holder in clock.holders}
    assert taken(warning)[-1].payload["in_place_of"] == agent
    page = two.signed_in("supervisor").get(f"/cases/{warning.number}").content.decode()
    assert "示例mate 代 示例agent" in page


@pytest.mark.parametrize(
    ("days", "after", "refused"),
    [(2, 0, True), (1, 1, True), (5, -0.5, True), (0.5, 0.5, True), (2, 2, False), (1, 3, False)],
)
def test_two_do_not_stand_in_for_one_person_at_a_time(two: World, days: float, after: float, refused: bool) -> None:
    third = two.add("third")
    assign_role(third, two.version.name, "hotline_agent", two.departments["hotline"], by="system", now=two.now)
    away(two, days=2)
    if refused:
        with pytest.raises(OrgRefused) as error:
            away(two, by="third", days=days, after=after)
        assert "已经有人代班" in error.value.problems["since"].zh
    else:
        away(two, by="third", days=days, after=after)


def test_the_database_itself_refuses_an_overlap(two: World) -> None:
    made = away(two)
    with pytest.raises(IntegrityError), transaction.atomic():
        Substitution.objects.create(
            absent=made.absent, substitute=two.staff["supervisor"], begins_at=made.begins_at + DAY / 2,
            ends_at=made.ends_at + DAY, made_by="system", made_at=two.now,
        )  # fmt: skip


def test_who_is_away_himself_stands_in_for_nobody(two: World) -> None:
    away(two, "mate", "supervisor")
    with pytest.raises(OrgRefused) as error:
        away(two, "agent", "mate")
    assert "自己也外出" in error.value.problems["substitute"].zh
    away(two, "agent", "supervisor")
    with pytest.raises(OrgRefused) as error:
        away(two, "supervisor", "center")
    assert "正在代别人" in error.value.problems["since"].zh


@pytest.mark.parametrize("days", [0, -1, 400])
def test_a_time_that_is_none_is_refused(two: World, days: float) -> None:
    with pytest.raises(OrgRefused):
        away(two, days=days)


def test_one_arranges_it_for_oneself_and_an_administrator_for_others(two: World) -> None:
    begin, until = two.now, two.now + DAY
    agent, mate = two.staff["agent"], two.staff["mate"]
    with pytest.raises(OrgRefused):
        arrange_substitution(agent, mate, since=begin, until=until, by=two.viewer("mate"), now=two.now)
    made = arrange_substitution(agent, mate, since=begin, until=until, by=two.viewer("boss"), now=two.now)
    with pytest.raises(NoSuchSubstitution):
        end_substitution(made.pk, by=two.viewer("supervisor"), now=two.now)
    with pytest.raises(OrgRefused):
        arrange_substitution(agent, agent, since=begin, until=until, by=two.viewer("agent"), now=two.now)


def test_both_are_named_in_the_journal(two: World) -> None:
    made = away(two)
    end_substitution(made.pk, by=two.viewer("mate"), now=two.now)
    end_substitution(made.pk, by=two.viewer("mate"), now=two.now)
    arranged, ended = Fact.objects.filter(type__startswith="substitution.").order_by("id")
    agent, mate = two.staff["agent"].pk, two.staff["mate"].pk
    assert (arranged.subject_id, arranged.payload["substitute"], arranged.actor) == (agent, mate, f"staff:{agent}")
    assert (ended.subject_id, ended.payload["substitute"], ended.actor) == (agent, mate, f"staff:{mate}")


def test_a_notice_reaches_the_substitute_where_he_may_see_what_it_is_about(two: World) -> None:
    case = two.ticket()
    agent, mate, outsider = (f"staff:{two.staff[who].pk}" for who in ("agent", "mate", "outsider"))
    words = Text(zh="示例", en="Sample")

    def told() -> list[str]:
        (number,) = tell([Tell(two.now, [agent], "told", "", "", ("case", case.pk), words)])
        return list(Notice.objects.get(pk=number).to)

    assert told() == [agent]
    made = away(two)
    assert told() == sorted([agent, mate])
    end_substitution(made.pk, by=two.viewer("agent"), now=two.now)
    assert told() == [agent]
    away(two, by="outsider")
    assert told() == [agent]
    assert outsider not in told()


def test_who_leaves_stands_in_no_more(two: World) -> None:
    away(two)
    leave_staff(two.staff["mate"], by="staff:999", now=two.now)
    assert not Substitution.objects.filter(ends_at__gt=two.now).exists()
    assert Fact.objects.filter(type="substitution.ended").count() == 1


def test_the_page_arranges_and_ends(two: World) -> None:
    agent = two.signed_in("agent")
    typed: dict[str, Any] = {
        "substitute": two.staff["mate"].pk, "since": "2025-06-10T09:00", "until": "2025-06-12T18:00", "why": "示例培训"
    }  # fmt: skip
    page = agent.post("/away", typed, follow=True).content.decode()
    assert "已安排由 示例mate 代班" in page
    assert "代班中" in page
    assert "示例agent" in two.signed_in("mate").get("/away").content.decode()
    again = agent.post("/away", typed)
    assert again.status_code == 422
    assert "已经有人代班" in again.content.decode()
    number = Substitution.objects.get().pk
    assert two.signed_in("supervisor").post(f"/away/{number}/end").status_code == 404
    assert "已结束" in agent.post(f"/away/{number}/end", follow=True).content.decode()


@pytest.mark.parametrize(
    "change",
    [{"substitute": ""}, {"substitute": "9" * 30}, {"since": "nonsense"}, {"until": ""}, {"until": "2025-06-10T08:00"},
     {"since": "2025-06-10T09:00+00:00"}],
)  # fmt: skip
def test_what_cannot_be_read_is_said_at_its_field(two: World, change: dict[str, str]) -> None:
    typed = {"substitute": str(two.staff["mate"].pk), "since": "2025-06-10T09:00", "until": "2025-06-12T18:00"}
    answer = two.signed_in("agent").post("/away", {**typed, **change})
    assert answer.status_code == 422
    assert not Substitution.objects.exists()


def test_only_an_administrator_opens_anothers_page(two: World) -> None:
    number = two.staff["agent"].pk
    assert two.signed_in("supervisor").get(f"/away?for={number}").status_code == 404
    assert two.signed_in("boss").get(f"/away?for={number}").status_code == 200
    assert Client().get("/away").status_code == 302


def test_the_api_acts_in_the_absent_ones_place_too(two: World) -> None:
    case = two.ticket()
    away(two)
    _, secret = create_token(
        name="示例",
        owner=two.staff["mate"],
        scopes=SCOPES,
        expires_at=two.now + 9 * DAY,
        by=two.viewer("boss"),
        now=two.now,
    )
    program = Client(headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "a-key-of-one-press"})
    answer = program.post(
        f"/api/cases/{case.number}/actions/raise_warning", json.dumps({"values": {"reason": "hard"}}),
        content_type="application/json", headers={"If-Match": "*"},
    )  # fmt: skip
    assert answer.status_code in (200, 201), answer.content.decode()
    assert taken(case)[-1].payload["in_place_of"] == f"staff:{two.staff['agent'].pk}"
