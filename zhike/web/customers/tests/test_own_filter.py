"""The archive filtered by what handbooks keep of customers: on the page, by the API, in an export; in either language."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from zhike.client import Zhike
from zhike.customers import own_filter
from zhike.customers.card_cells import CardField
from zhike.customers.exporting import export_customers
from zhike.customers.labelled import LABELS
from zhike.customers.merging import merge_customers, undo_merge
from zhike.customers.models import Customer, CustomerCard
from zhike.customers.own_filter import asked_fields, read_own, value_asked
from zhike.customers.profile import Draft, add_customer
from zhike.customers.queries import Asked, filtered
from zhike.handbook.structure import FieldDef
from zhike.journal.models import Fact
from zhike.web.api.tests.conftest import program
from zhike.web.api.tests.program import Program
from zhike.web.tests.conftest import world
from zhike.web.tests.world import World

__all__ = ["program", "world"]
BEST = "own.retail-hotline.best_time"
STORE = "own.retail-hotline.usual_store"


def keep(customer: Customer, handbook: str = "retail-hotline", **values: Any) -> Customer:
    CustomerCard.objects.create(
        customer=customer, handbook=handbook, values=values, updated_at=customer.created_at, updated_by="system"
    )
    return customer


@pytest.fixture
def three(world: World) -> list[Customer]:
    """Called in the evening; in the evening, of store 1; in the morning, and a company."""
    kinds = ("person", "person", "company")
    made = [
        add_customer(Draft(name=f"示例{name}", kind=kind), by="system", now=world.now)
        for name, kind in zip("甲乙丙", kinds, strict=True)
    ]
    keep(made[0], best_time="evening")
    keep(made[1], best_time="evening", usual_store=world.departments["store-1"].pk)
    keep(made[2], best_time="morning")
    return made


def shown(client: Client, **asked: Any) -> str:
    """The last character of each name on the page, from the top."""
    return "".join(row.customer.name[-1] for row in client.get("/customers", asked).context["rows"])


def test_the_list_shows_those_of_whom_the_field_says_so(world: World, three: list[Customer]) -> None:
    agent, store = world.signed_in("agent"), world.departments["store-1"].pk
    assert shown(agent, **{BEST: "evening"}) == "乙甲"
    assert shown(agent, **{BEST: "morning"}) == "丙"
    assert shown(agent, **{BEST: "afternoon"}) == ""
    assert shown(agent, **{BEST: "evening", STORE: store}) == "乙"
    assert shown(agent, **{BEST: "morning", "kind": "person"}) == ""
    assert shown(agent, **{BEST: "evening", "q": "示例甲"}) == "甲"


def test_what_nobody_can_ask_for_is_left_out(world: World, three: list[Customer]) -> None:
    agent = world.signed_in("agent")
    for asked in (
        {BEST: "midnight"},
        {BEST: "e" * 99},
        {"own.retail-hotline.nothing": "1"},
        {"own.": "x"},
        {STORE: "甲"},
    ):
        assert shown(agent, **asked) == "丙乙甲", asked


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "方便接电话的时段"), ("en", "Best time to call")])
def test_the_form_offers_the_fields_in_the_readers_language(world: World, language: str, words: str) -> None:
    page = world.signed_in("agent").get("/customers", {BEST: "evening"}, headers={"Accept-Language": language})
    wish = next(each for each in page.context["own"] if each.name == BEST)
    assert wish.title.startswith(words)
    chosen = re.search(r'<option value="evening" selected>([^<]+)', page.content.decode())
    assert chosen
    assert chosen[1] == {"zh-hans": "晚上", "en": "Evening"}[language]


def test_the_next_page_asks_the_same(world: World, three: list[Customer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhike.web.customers.listing.PAGE", 1)
    agent = world.signed_in("agent")
    first = agent.get("/customers", {BEST: "evening"})
    following = agent.get(f"/customers{first.context['next']}")
    assert [row.customer for row in following.context["rows"]] == [three[0]]
    assert following.context["next"] == ""


def test_it_follows_every_change_of_a_card(world: World, three: list[Customer]) -> None:
    agent, (one, two, three_) = world.signed_in("agent"), three
    path = f"/customers/{one.pk}/card/retail-hotline"
    assert agent.post(path, {"best_time": "afternoon", "version": "1"}).status_code == 302
    assert shown(agent, **{BEST: "evening"}) == "乙"
    assert shown(agent, **{BEST: "afternoon"}) == "甲"
    CustomerCard.objects.filter(customer=two).delete()
    assert shown(agent, **{BEST: "evening"}) == ""
    bare = add_customer(Draft(name="示例丁"), by="system", now=world.now)
    fact = merge_customers(bare, three_, by="system", now=world.now)
    assert shown(agent, **{BEST: "morning"}) == "丁"
    undo_merge(bare, fact, by="system", now=world.now)
    assert shown(agent, **{BEST: "morning"}) == "丙"


def test_the_same_field_of_another_handbook_is_another(world: World, three: list[Customer]) -> None:
    keep(three[0], "online-shop", best_time="morning")
    assert shown(world.signed_in("agent"), **{BEST: "morning"}) == "丙"
    assert Customer.objects.get(pk=three[0].pk).kept == [
        "online-shop.best_time=morning",
        "retail-hotline.best_time=evening",
    ]


def test_what_is_masked_for_readers_is_nothing_to_find_by(
    world: World, three: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = asked_fields(world.now)
    assert set(known) == {"retail-hotline.best_time", "retail-hotline.usual_store"}
    one = known["retail-hotline.best_time"]
    hidden = {key: CardField(one.book, one.record, one.field.model_copy(update={"sensitive": True})) for key in known}
    monkeypatch.setattr(own_filter, "card_fields", lambda _: hidden)
    assert asked_fields(world.now) == {}
    assert shown(world.signed_in("agent"), **{BEST: "morning"}) == "丙乙甲"


KINDS = [
    ("string", " 沪A12345 ", "沪a12345"), ("string", "字" * 65, None), ("string", "", None), ("int", "007", "7"), ("int", "7.0", None),
    ("int", "-3", "-3"), ("bool", "true", "true"), ("bool", "yes", None), ("date", "2025-06-10", "2025-06-10"), ("date", "10.6.2025", None),
    ("staff", "12", "12"), ("staff", "１２", "12"), ("department", "a", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "value"), KINDS)
def test_a_wish_is_read_as_cards_hold_it(world: World, kind: str, text: str, value: str | None) -> None:
    one = asked_fields(world.now)["retail-hotline.best_time"]
    field = CardField(one.book, one.record, FieldDef.model_validate({"id": "x", "title": "示例", "type": kind}))
    assert value_asked(field, text) == value
    assert read_own({"a.x": text}, {"a.x": field}) == (((("a.x", value),), []) if value else ((), ["a.x"]))


def test_numbers_yes_and_no_several_choices_and_capitals_are_found(world: World, three: list[Customer]) -> None:
    keep(
        three[0],
        "sample",
        plate="沪A12345",
        level=7,
        regular=True,
        likes=["tea", "coffee"],
        nothing=None,
        rows=[{"a": 1}],
    )

    def found(field: str, value: str) -> bool:
        return filtered(Customer.objects.all(), Asked(own=((f"sample.{field}", value),))).exists()

    assert found("plate", "沪a12345")
    assert found("level", "7")
    assert found("regular", "true")
    assert found("likes", "tea")
    assert found("likes", "coffee")
    assert not found("likes", "juice")
    assert len(Customer.objects.get(pk=three[0].pk).kept) == 6


def test_an_export_takes_what_the_list_shows_and_the_journal_says_what_was_asked(
    world: World, three: list[Customer], tmp_path: Path
) -> None:
    asked = Asked(own=(("retail-hotline.best_time", "evening"),))
    target = tmp_path / "out.csv"
    assert export_customers(world.viewer("supervisor"), asked, target, now=world.now) == 2
    names = [row[1] for row in csv.reader(target.read_text("utf-8-sig").splitlines()) if len(row) > 1]
    assert names[1:] == ["示例乙", "示例甲"]
    assert Fact.objects.get(type="customers.exported").payload["asked"] == {"retail-hotline.best_time": "evening"}


def test_few_are_found_by_the_index_over_all_labels(world: World, three: list[Customer]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN SELECT id FROM customers_customer WHERE {LABELS} @> %s::text[]",
            [["retail-hotline.best_time=morning", "=company"]],
        )
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "customers_labelled_all" in plan


# programs


def test_a_program_finds_them_in_pages(world: World, three: list[Customer], program: Any) -> None:
    agent: Program = program()
    asked = {"field": "retail-hotline.best_time:evening", "size": 1}
    first = agent.get("/customers", asked).json()
    assert [row["id"] for row in first["items"]] == [three[1].pk]
    second = agent.get("/customers", {**asked, "after": first["next"]}).json()
    assert ([row["id"] for row in second["items"]], second["next"]) == ([three[0].pk], None)
    both = ["retail-hotline.best_time:evening", f"retail-hotline.usual_store:{world.departments['store-1'].pk}"]
    assert [row["id"] for row in agent.get("/customers", {"field": both}).json()["items"]] == [three[1].pk]
    assert agent.get("/customers", {"q": "示例丙", "field": both}).json()["items"] == []


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        ({}, "q"), ({"q": " "}, "q"), ({"field": "retail-hotline.best_time:midnight"}, "field"), ({"field": "best_time:evening"}, "field"),
        ({"field": "retail-hotline.hint:x"}, "field"), ({"field": "x"}, "field"), ({"q": "示例", "after": "x"}, "after"),
    ],
)  # fmt: skip
def test_what_a_program_asks_wrongly_is_named(three: list[Customer], program: Any, asked: Any, at: str) -> None:
    answer = program().get("/customers", asked)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [at])


def test_a_program_without_the_archive_finds_nobody(world: World, three: list[Customer], program: Any) -> None:
    assert program("manager1").get("/customers", {"field": "retail-hotline.best_time:evening"}).status_code == 403


def test_the_client_asks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Answer:
        def json(self) -> Any:
            return {"items": [{"id": 1}, {"id": 2}], "next": "2" if len(asked) == 1 else None}

    client = Zhike("https://desk.example.com", "zk_x")
    monkeypatch.setattr(client.line, "call", lambda method, path: asked.append(path) or Answer())
    assert len(client.customers(fields={"sample.regular": True, "sample.level": 7}, most=3)) == 3
    wish = "field=sample.regular%3Atrue&field=sample.level%3A7"
    assert asked == [f"/customers?{wish}&size=20", f"/customers?{wish}&after=2&size=20"]
