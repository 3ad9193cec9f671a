"""Looks behind masks and exports in one list, each with somebody else's verdict."""

from __future__ import annotations

import re

from zhike.customers.models import Customer, Unmasking
from zhike.customers.profile import Draft, add_customer
from zhike.journal.models import Fact
from zhike.web.audit.reviewing import looks
from zhike.web.models import FactReview
from zhike.web.tests.world import World

REVIEWS = "/administration/journal/reviews"


def customer(world: World) -> Customer:
    return add_customer(Draft(name="示例王", phones=("13800138000",)), by="staff:1", now=world.now)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_looks_and_exports_of_every_kind_stand_in_one_list(world: World) -> None:
    path = f"/customers/{customer(world).pk}/unmask"
    world.signed_in("agent").post(path, {"what": "phone", "purpose": "contact", "words": "回电核实"})
    world.signed_in("agent").post("/customers/export")
    world.signed_in("boss").post("/administration/journal/export?type=case.opened")
    page = world.signed_in("supervisor").get(REVIEWS)
    assert [row.type for row, *_ in page.context["rows"]] == [
        "journal.exported",
        "customers.exported",
        "customer.unmasked",
    ]
    shown = text(page.content.decode())
    for words in ("电话：联系客户，回电核实", "1 条，全部", "type=case.opened"):
        assert words in shown
    assert "13800138000" not in shown


def test_a_verdict_is_given_once_and_by_somebody_else(world: World) -> None:
    world.signed_in("supervisor").post("/customers/export")
    fact = Fact.objects.get(type="customers.exported")
    own = world.signed_in("supervisor")
    assert "待别人复核" in own.get(REVIEWS).content.decode()
    assert own.post(f"{REVIEWS}/{fact.pk}", {"verdict": "justified"}).status_code == 404
    boss = world.signed_in("boss")
    assert boss.post(f"{REVIEWS}/{fact.pk}", {"verdict": "not"}).status_code == 302
    assert boss.post(f"{REVIEWS}/{fact.pk}", {"verdict": "justified"}).status_code == 404
    assert FactReview.objects.get().is_justified is False
    assert "不正当" in own.get(REVIEWS).content.decode()
    assert Fact.objects.get(type="journal.reviewed").payload == {"fact": fact.pk, "is_justified": False}


def test_a_look_into_the_archive_has_its_verdict_in_the_archive(world: World) -> None:
    path = f"/customers/{customer(world).pk}/unmask"
    world.signed_in("agent").post(path, {"what": "phone", "purpose": "contact", "words": "回电"})
    fact = Fact.objects.get(type="customer.unmasked")
    assert world.signed_in("boss").post(f"{REVIEWS}/{fact.pk}", {"verdict": "justified"}).status_code == 302
    assert Unmasking.objects.get().is_justified is True
    assert not FactReview.objects.exists()


def test_who_answers_for_nothing_looks_nothing_over(world: World) -> None:
    world.signed_in("boss").post("/administration/journal/export")
    fact = Fact.objects.get(type="journal.exported")
    for who, status in (("agent", 404), ("manager1", 403)):
        assert world.signed_in(who).get(REVIEWS).status_code == status
        assert world.signed_in(who).post(f"{REVIEWS}/{fact.pk}", {"verdict": "not"}).status_code == status
    assert not FactReview.objects.exists()


def test_the_list_itself_is_empty_for_who_answers_for_nothing(world: World) -> None:
    world.signed_in("boss").post("/administration/journal/export")
    assert looks(world.viewer("supervisor")).count() == 1
    assert not looks(world.viewer("agent")).exists()


def test_only_looks_and_exports_are_looked_over(world: World) -> None:
    world.ticket()
    fact = Fact.objects.get(type="case.opened")
    assert world.signed_in("boss").post(f"{REVIEWS}/{fact.pk}", {"verdict": "not"}).status_code == 404
