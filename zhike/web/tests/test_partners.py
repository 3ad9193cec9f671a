"""Staff of a partner see their own department's cases and nothing else of the house: lists, counts, search, API, live, forms."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from zhike.cases.access import audiences_of, visible_cases
from zhike.cases.actions import hand_over_case
from zhike.cases.models import Case
from zhike.cases.notes import add_note
from zhike.cases.queries import colleagues, filtered, mine
from zhike.cases.refusals import NotYours, Unreadable
from zhike.customers.access import find_customers, may_see_customers, visible_customers
from zhike.handbook.structure import FieldDef
from zhike.lib import clock
from zhike.notices.models import Notice
from zhike.notices.queries import notices_of
from zhike.org.access import colleagues_for, departments_for
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion, Session, Substitution
from zhike.org.principals import role_key
from zhike.records.directory import may_keep
from zhike.records.models import ReferenceRow
from zhike.web.api.scopes import SCOPES
from zhike.web.api.tokens import create_token
from zhike.web.case_page.forms import Choices
from zhike.web.live.accounts import accounts_of
from zhike.web.tests.franchise import NINE, Franchise

PARTNERS = ("partner1", "fhead1", "fhead2", "head1", "staff1", "tech1", "ecommerce1")


@pytest.fixture
def house(db: None) -> Iterator[Franchise]:
    made = Franchise()
    before = clock.install(made.read)
    yield made
    clock.install(before)


@pytest.fixture
def two(house: Franchise) -> tuple[Case, Case]:
    """A complaint sent to franchise store 1 and one sent to the partner."""
    return house.sent("franchise-1", "示例：甲店多收钱", "13800000011"), house.sent(
        "partner-1", "示例：师傅没来", "13800000022"
    )


def program(house: Franchise, who: str) -> Client:
    _, secret = create_token(
        name="示例", owner=house.staff[who], scopes=SCOPES, expires_at=NINE + dt.timedelta(days=9),
        by=house.viewer("admin"), now=NINE,
    )  # fmt: skip
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_who_is_of_a_partner(house: Franchise) -> None:
    outside = {name for name in house.staff if house.viewer(name).is_external}
    assert outside == {"head1", "staff1", "tech1", "head2", "tech2", "fhead1", "fhead2", "partner1", "ecommerce1"}


def test_a_partner_answers_to_his_department_and_not_to_all_departments_of_the_kind(house: Franchise) -> None:
    place, number = house.departments["partner-1"].pk, house.staff["partner1"].pk
    assert house.viewer("partner1").keys == {
        f"staff:{number}", f"repair-franchise:store_head@{place}", f"repair-franchise:unit@{place}"
    }  # fmt: skip


@pytest.mark.parametrize("who", PARTNERS)
def test_every_way_to_cases_gives_exactly_those_of_his_department(
    house: Franchise, two: tuple[Case, Case], who: str
) -> None:
    theirs = {"fhead1": [two[0].number], "partner1": [two[1].number]}.get(who, [])
    viewer, browser = house.viewer(who), house.signed_in(who)
    assert list(visible_cases(viewer).values_list("number", flat=True)) == theirs
    assert filtered(viewer, {}).count() == len(theirs)
    for text in ("示例", "13800000011", "13800000022", "甲店", "师傅", two[0].number, two[1].number):
        wanted = list(filtered(viewer, {"text": text}).values_list("number", flat=True))
        assert set(wanted) <= set(theirs)
    assert {case.number for case in mine(viewer)} <= set(theirs)
    for case in two:
        assert browser.get(f"/cases/{case.number}").status_code == (200 if case.number in theirs else 403)
        gate = audiences_of([case.pk])[case.pk]
        assert viewer.keys.isdisjoint(gate) == (case.number not in theirs)
    if "cases" in viewer.screens:
        page = browser.get("/cases?all=1", follow=True).content.decode()
        for case in two:
            assert (case.number in page) == (case.number in theirs)


@pytest.mark.parametrize("who", ["partner1", "fhead2"])
def test_the_api_tells_a_partner_no_more_than_his_pages(house: Franchise, two: tuple[Case, Case], who: str) -> None:
    theirs = {two[1].number} if who == "partner1" else set()
    api = program(house, who)
    assert {row["number"] for row in api.get("/api/cases").json()["items"]} == theirs
    for case in two:
        assert api.get(f"/api/cases/{case.number}").status_code == (200 if case.number in theirs else 404)
    assert api.get("/api/customers", {"q": "示例"}).status_code in (403, 404)


def test_a_partners_stream_carries_the_keys_of_his_page(house: Franchise) -> None:
    house.signed_in("partner1")
    (account,) = accounts_of([Session.objects.get().session_key]).values()
    assert account.keys == house.viewer("partner1").keys


def test_a_partner_has_neither_archive_nor_directory_nor_export(house: Franchise, two: tuple[Case, Case]) -> None:
    viewer, browser = house.viewer("partner1"), house.signed_in("partner1")
    assert not may_see_customers(viewer)
    assert not visible_customers(viewer).exists()
    assert find_customers(viewer, "示例客户") == []
    for address in ("/customers", "/lookup", "/administration/journal/reviews", "/administration/staff"):
        assert browser.get(address, follow=True).status_code in (403, 404), address
    assert browser.post("/customers/export").status_code in (403, 404)
    assert browser.get("/administration/directories").context["found"] == []
    assert browser.get("/administration/directories/repair-franchise/unit_profile").status_code == 404


def install_changed(change: Callable[[dict[str, Any]], None]) -> HandbookVersion:
    """A newer version of the handbook, with something changed in it."""
    version = HandbookVersion.objects.get()
    source = json.loads(json.dumps(version.source))
    change(source)
    return HandbookVersion.objects.create(
        name=version.name, version="2", effective_from=NINE, source=source, text=version.text, digest="e" * 64
    )


def one(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["id"] == name)


def test_a_screen_a_handbook_opens_by_mistake_stays_closed_to_a_partner(house: Franchise) -> None:
    screens = ["desk", "cases", "customers", "lookup", "reports"]
    install_changed(lambda source: one(source["roles"], "unit").update(screens=screens))
    viewer = house.viewer("partner1")
    assert viewer.screens == {"desk", "board", "cases", "handbook"}
    assert not may_see_customers(viewer)


def test_a_directory_a_handbook_gives_him_by_mistake_is_not_his(house: Franchise) -> None:
    version = install_changed(lambda source: one(source["records"], "unit_profile").update(kept_by=["unit"]))
    assert not may_keep(book_of(version.pk), "unit_profile", house.viewer("partner1"))


def test_a_partner_chooses_among_his_own_departments_and_people(house: Franchise, two: tuple[Case, Case]) -> None:
    viewer = house.viewer("head1")
    assert list(departments_for(viewer).values_list("code", flat=True)) == ["store-1"]
    assert set(colleagues_for(viewer).values_list("username", flat=True)) == {"head1", "staff1", "tech1"}
    page = house.signed_in("partner1").get("/cases?all=1", follow=True).content.decode()
    assert "示例合作商甲" in page
    for other in ("示例一店", "示例甲加盟店", "示例客服部"):
        assert other not in page


def test_a_name_typed_past_the_choices_is_refused_like_one_that_does_not_exist(house: Franchise) -> None:
    case = house.sent("store-1")
    house.take(case, "contact_store", {"head_name": "示例一店店长"}, "specialist1")
    words = []
    for name in ("agent1", "nobody-at-all", "tech2"):
        with pytest.raises(Unreadable) as refused:
            house.take(case, "name_responsible", {"responsible_person": name}, "head1")
        words.append([reason.words.zh for reason in refused.value.reasons])
    assert words[0] == words[1] == words[2]


def test_in_a_partners_note_whoever_may_not_see_the_case_is_nobody(house: Franchise, two: tuple[Case, Case]) -> None:
    stranger = house.staff["head1"].name
    add_note(two[1], f"@{stranger} 请看", by=house.viewer("partner1"), now=NINE)
    assert Notice.objects.filter(kind="mentioned").count() == 0
    with pytest.raises(Unreadable):
        add_note(two[1], f"@{stranger} 请看", by=house.viewer("specialist1"), now=NINE)


def test_a_partners_form_offers_his_own_departments_and_people_and_no_directory(house: Franchise) -> None:
    book = book_of(HandbookVersion.objects.get().pk)
    ReferenceRow.objects.create(
        handbook=book.name, record="unit_profile", label="示例档案", values={}, updated_at=NINE, updated_by="system"
    )
    kinds = ({"type": "department"}, {"type": "staff"}, {"type": "record", "kind": "unit_profile"})
    fields = [FieldDef.model_validate({"id": "x", "title": "示例", **kind}) for kind in kinds]
    offered = {
        who: [{title for _, title in Choices(book, house.viewer(who))(field)} for field in fields]
        for who in ("partner1", "specialist1")
    }
    assert offered["partner1"] == [{"示例合作商甲"}, {house.staff["partner1"].name}, set()]
    assert [len(each) > 1 for each in offered["specialist1"]] == [True, True, False]
    assert offered["specialist1"][2] == {"示例档案"}


def test_a_partner_names_no_substitute_from_outside_and_takes_no_list_along(house: Franchise) -> None:
    browser = house.signed_in("head1")
    for name, known in (("agent1", False), ("tech1", True)):
        asked = {
            "substitute": house.staff[name].pk,
            "since": "2025-06-11T09:00",
            "until": "2025-06-12T09:00",
            "why": "示例",
        }
        assert (browser.post("/away", asked).status_code == 302) == known, name
    assert Substitution.objects.get().substitute == house.staff["tech1"]
    offered = browser.get("/away").context["people"]
    assert {each.username for each in offered} == {"staff1", "tech1"}
    asks = {
        who: house.signed_in(who).get("/cases/exports?status=open").context["asks"]
        for who in ("partner1", "specialist1")
    }
    assert asks == {"partner1": False, "specialist1": True}
    for who, known in asks.items():
        shown = house.signed_in(who).get("/cases?all=1", follow=True)
        assert ('href="/cases/exports' in shown.content.decode()) == known, who


def test_a_case_is_handed_only_to_somebody_of_the_same_store(house: Franchise) -> None:
    case = house.sent("store-1")
    case = house.take(case, "acknowledge", {"words": "示例：已收"}, "head1")
    Case.objects.filter(pk=case.pk).update(owner=house.staff["head1"], owner_role="store_head")
    case.refresh_from_db()
    assert colleagues(case) == []
    with pytest.raises(NotYours):
        hand_over_case(case.pk, to=house.staff["head2"], by=house.viewer("head1"), now=NINE)


def test_who_acted_for_a_unit_the_case_is_no_longer_with_sees_it_no_more(house: Franchise) -> None:
    house.version = install_changed(lambda source: one(source["clauses"], "VIS-01").update(handlers=True))
    case = house.sent("store-1")
    house.take(case, "acknowledge", {"words": "示例：已收"}, "head1")
    assert case.number in visible_cases(house.viewer("head1")).values_list("number", flat=True)
    Case.objects.filter(pk=case.pk).update(department=house.departments["store-2"])
    moved = house.take(case, "mark_severity", {"severity": "serious", "repeated": False}, "specialist1")
    assert house.viewer("head1").principal not in moved.audience
    assert not house.viewer("head2").keys.isdisjoint(moved.audience)
    assert house.viewer("specialist1").principal in moved.audience


def test_a_notice_to_all_units_reaches_no_partner(house: Franchise) -> None:
    Notice.objects.create(
        at=NINE,
        to=[role_key("repair-franchise", "unit")],
        kind="told",
        subject_kind="version",
        subject_id=1,
        words={"zh": "示例"},
    )
    assert notices_of(house.viewer("partner1")) == []
