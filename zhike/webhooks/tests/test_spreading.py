"""What a subscription is told: what its owner's live feed would tell, of the kinds and places asked for, once and in order."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from zhike.cases.events import CaseClosed
from zhike.cases.models import Case
from zhike.journal.actions import NewFact, record
from zhike.journal.events import event_class
from zhike.journal.stream import last_position, sequence_all
from zhike.notices.models import Notice
from zhike.org.actions import disable_staff
from zhike.web.tests.world import World
from zhike.webhooks.kinds import KINDS
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.spreading import spread
from zhike.webhooks.tests.hooks import WALL, spread_all, subscribed, told


def test_a_case_is_told_of_as_documented(world: World) -> None:
    hook = subscribed(world)
    case = world.ticket()
    spread_all(world)
    (body,) = told(hook)
    delivery = Delivery.objects.get()
    assert body == {
        "version": 1, "id": str(delivery.public_id), "kind": "case.opened", "at": "2025-06-10T01:00:00+00:00",
        "position": delivery.position, "subject": f"case:{case.pk}", "handbook": "retail-hotline", "clauses": body["clauses"],
        "case": {
            "number": case.number, "handbook": "retail-hotline", "process": "service_ticket", "stage": case.stage,
            "status": "open", "department": case.department_id,
        },
        "data": {"number": case.number, "process": "service_ticket", "stage": case.stage, "source": "desk"},
    }  # fmt: skip


def test_what_happened_before_it_was_made_is_not_told(world: World) -> None:
    world.ticket()
    spread_all(world)
    hook = subscribed(world)
    spread_all(world)
    assert told(hook) == []


def test_a_subscription_hears_what_its_owner_may_see_and_nothing_else(world: World) -> None:
    hooks = {who: subscribed(world, who) for who in ("agent", "supervisor", "manager2", "outsider")}
    case = world.ticket(store="store-1")
    spread_all(world)
    heard = {who: [body["case"]["number"] for body in told(hook)] for who, hook in hooks.items()}
    assert heard == {
        who: [case.number] if not world.viewer(who).keys.isdisjoint(case.audience) else [] for who in hooks
    }
    assert {who for who, cases in heard.items() if cases} == {"agent", "supervisor"}


def test_who_lost_sight_of_the_case_meanwhile_hears_nothing(world: World) -> None:
    """The fact names him still; the gate of the object does not."""
    hook = subscribed(world)
    case = world.ticket()
    Case.objects.filter(pk=case.pk).update(audience=["staff:0"])
    spread_all(world)
    assert told(hook) == []


def test_what_is_told_to_others_about_a_case_he_may_see_is_not_told_to_him(world: World) -> None:
    hook = subscribed(world, kinds=("case.closed",))
    case = world.ticket()
    with transaction.atomic():
        for audience in (["staff:0"], [], list(case.audience)):
            record([NewFact(CaseClosed(case.number), world.now, ("case", case.pk), "system", audience=audience)])
    spread_all(world)
    assert len(told(hook)) == 1


def test_filters_by_handbook_process_and_department(world: World) -> None:
    places = {code: world.departments[code] for code in ("store-1", "store-2", "division")}
    hooks = {
        "this handbook": subscribed(world, handbook="retail-hotline"),
        "this process": subscribed(world, handbook="retail-hotline", process="service_ticket"),
        "another process": subscribed(world, handbook="retail-hotline", process="warning_ticket"),
        **{code: subscribed(world, department=place) for code, place in places.items()},
        "other kinds": subscribed(world, kinds=("case.closed",)),
    }
    case = world.ticket(store="store-1")
    spread_all(world)
    place = Case.objects.get(pk=case.pk).department
    assert place is not None
    heard = {name for name, hook in hooks.items() if told(hook)}
    within = {code for code, each in places.items() if each.pk in place.path}
    assert heard == {"this handbook", "this process", *within}


def test_facts_come_once_in_the_order_of_the_stream(world: World) -> None:
    hook = subscribed(world, kinds=("case.opened", "case.action_taken"))
    cases = [world.ticket() for _ in range(3)]
    spread_all(world)
    spread_all(world)
    world.take(cases[0], "raise_warning", {"reason": "hard"}, "agent")
    spread_all(world)
    positions = list(Delivery.objects.order_by("pk").values_list("position", flat=True))
    assert positions == sorted(set(positions))
    opened = [body["case"]["number"] for body in told(hook) if body["kind"] == "case.opened"]
    assert opened[:3] == [case.number for case in cases]
    hook.refresh_from_db()
    assert hook.position == last_position()


def test_while_paused_its_place_stands_still_and_nothing_is_lost(world: World) -> None:
    hook = subscribed(world)
    Subscription.objects.update(state="paused")
    case = world.ticket()
    spread_all(world)
    assert told(hook) == []
    Subscription.objects.update(state="active")
    spread_all(world)
    assert [body["case"]["number"] for body in told(hook)] == [case.number]


def test_a_receiver_that_is_far_behind_holds_its_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhike.webhooks.spreading.FULL", 1)
    slow, quick = subscribed(world), subscribed(world)
    world.ticket()
    spread_all(world)
    Delivery.objects.filter(subscription=quick).update(state="delivered")
    world.ticket()
    spread_all(world)
    assert (len(told(slow)), len(told(quick))) == (1, 2)
    Delivery.objects.filter(subscription=slow).update(state="delivered")
    spread_all(world)
    assert len(told(slow)) == 2


def test_a_disabled_owner_hears_nothing_and_the_subscription_says_why(world: World) -> None:
    hook = subscribed(world)
    disable_staff(world.staff["agent"], by="system", now=world.now)
    spread_all(world)
    hook.refresh_from_db()
    assert (hook.state, hook.why, told(hook)) == ("paused", "owner", [])
    assert Notice.objects.get(subject_kind="webhook").to == sorted(
        {f"staff:{world.staff['agent'].pk}", f"staff:{world.staff['boss'].pk}"}
    )


def test_many_subscriptions_cost_as_many_queries_as_one(world: World) -> None:
    def queries() -> int:
        world.ticket()
        sequence_all()
        with CaptureQueriesContext(connection) as seen:
            spread(world.now, WALL)
        return len(seen)

    subscribed(world)
    one = queries()
    for _ in range(9):
        subscribed(world)
    spread_all(world)
    assert queries() == one <= 16


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_is_an_event_with_the_fields_it_tells(name: str) -> None:
    fields = set(event_class(name).__dataclass_fields__)  # type: ignore[attr-defined]
    assert set(KINDS[name].fields) <= fields
    assert all((KINDS[name].words.zh, KINDS[name].words.en))


def test_what_people_wrote_never_leaves() -> None:
    told_fields = {field for kind in KINDS.values() for field in kind.fields}
    assert told_fields.isdisjoint(
        {"words", "why", "fields", "because", "person", "charges", "asked_by", "approved_by", "title"}
    )
