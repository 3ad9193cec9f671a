"""The archive's pages: who gets in, what stays masked, what is said when something is wrong."""

from collections.abc import Iterator

import pytest
from django.test import Client

from zhike.cases.models import Case
from zhike.customers.models import Customer, Unmasking
from zhike.customers.profile import Draft, add_customer
from zhike.journal.models import Fact
from zhike.lib import clock
from zhike.web.tests.world import NINE, World, in_time_of

pytestmark = pytest.mark.django_db
RESIDENT = "11010519491231002X"


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    before = in_time_of(world)
    yield world
    clock.install(before)


@pytest.fixture
def agent(world: World) -> Client:
    return world.signed_in("agent")


def add(**said) -> Customer:
    return add_customer(Draft(**said), by="staff:1", now=NINE)


def text(response) -> str:
    return response.content.decode()


def test_the_archive_is_open_to_the_hotline_and_to_no_store(world, agent):
    customer = add(name="示例王")
    for path in ("/customers", "/customers/new", f"/customers/{customer.pk}", f"/customers/{customer.pk}/edit"):
        assert agent.get(path).status_code == 200
        for who in ("manager1", "service1", "outsider", "boss"):
            assert world.signed_in(who).get(path).status_code == 403
        assert Client().get(path).status_code in (302, 403)


def test_imports_are_offered_to_whoever_answers_for_the_archive(world):
    offered = {
        who: "/customers/imports" in text(world.signed_in(who).get("/customers")) for who in ("agent", "supervisor")
    }
    assert offered == {"agent": False, "supervisor": True}


def test_lists_and_pages_show_numbers_masked(agent):
    customer = add(name="示例王", phones=("13800138000",), identifiers={"resident_id": RESIDENT})
    for path in ("/customers", f"/customers/{customer.pk}"):
        page = text(agent.get(path))
        assert "138****8000" in page
        assert "13800138000" not in page.replace(" ", "")
        assert RESIDENT not in page


def test_the_list_is_searched_filtered_and_paged_by_key(agent):
    add(name="示例公司", kind="company", tier="VIP", tags=("老客户",))
    for number in range(51):
        add(name=f"示例{number}", phones=(f"138001380{number:02}",))
    assert "示例公司" in text(agent.get("/customers?q=示例公司"))
    assert "示例公司" in text(agent.get("/customers?kind=company&tier=VIP&tag=老客户"))
    assert "没有找到客户" in text(agent.get("/customers?kind=person&tier=VIP"))
    first = text(agent.get("/customers"))
    after = first.partition('href="?after=')[2].partition('"')[0]
    second = text(agent.get(f"/customers?after={after}"))
    assert (first.count("<tr data-row>"), second.count("<tr data-row>")) == (50, 2)
    for odd in ("after=x", "after=99999999999999999999", "q=%00", "kind=god", "q=" + "长" * 500):
        assert agent.get(f"/customers?{odd}").status_code == 200


def test_a_new_customer_is_made_or_everything_wrong_is_said(agent):
    wrong = agent.post("/customers/new", {"name": "示例王", "phone": "12", "resident_id": "1"})
    assert wrong.status_code == 422
    assert "电话号码读不懂" in text(wrong)
    assert "身份证号不对" in text(wrong)
    assert 'value="示例王"' in text(wrong)
    made = agent.post("/customers/new", {"name": "示例王", "phone": "13800138000", "tags": "老客户，企业"})
    customer = Customer.objects.get()
    assert made.url == f"/customers/{customer.pk}"
    assert customer.tags == ["企业", "老客户"]
    again = agent.post("/customers/new", {"name": "示例李", "phone": "13800138000"})
    assert f"#{customer.pk}" in text(again)


def test_duplicates_are_hinted_while_typing(agent):
    customer = add(name="示例王五", phones=("13800138000",))
    assert f"#{customer.pk}" in text(agent.post("/customers/hints", {"phone": "138 0013 8000"}))
    assert "名称相同" in text(agent.post("/customers/hints", {"name": "示例王五"}))
    assert text(agent.post("/customers/hints", {"name": "示例李"})).strip() == ""


def test_an_edit_over_a_newer_one_says_so_and_keeps_what_was_typed(agent):
    customer = add(name="示例王")
    path = f"/customers/{customer.pk}/edit"
    assert agent.post(path, {"name": "示例王", "tier": "VIP", "version": "1"}).status_code == 302
    stale = agent.post(path, {"name": "示例李", "version": "1"})
    assert stale.status_code == 409
    assert 'value="示例李"' in text(stale)


def test_contacts_numbers_consents_and_relations_are_kept_on_the_page(agent):
    customer, other = add(name="示例公司", kind="company"), add(name="示例代理")
    base = f"/customers/{customer.pk}"
    assert agent.post(f"{base}/contact", {"contact": "0571-88881234"}).status_code == 302
    assert agent.post(f"{base}/contact", {"contact": "x"}).status_code == 422
    assert (
        agent.post(f"{base}/identifier", {"kind": "credit_code", "identifier": "91110000600037341L"}).status_code == 302
    )
    consent = {"purpose": "marketing", "channel": "phone", "version": "2025"}
    assert agent.post(f"{base}/consent", consent).status_code == 302
    assert agent.post(f"{base}/relation", {"kind": "authorised_agent", "other": str(other.pk)}).status_code == 302
    page = text(agent.get(base))
    for words in ("0571****1234", "9111**********341L", "已同意", "委托代理人", "示例代理"):
        assert words in page
    agent.post(f"{base}/consent", {"deed": "withdraw", "purpose": "marketing", "channel": "phone"})
    assert "已撤回" in text(agent.get(base))
    point = customer.contact_points.get()
    assert agent.post(f"/customers/{other.pk}/contact", {"remove": point.pk}).status_code == 404
    assert agent.post(f"{base}/contact", {"remove": point.pk}).status_code == 302
    assert not customer.contact_points.exists()


@pytest.mark.parametrize(
    ("deed", "sent", "back"),
    [
        ("contact", {"contact": "示例不是号码"}, 'name="contact" value="示例不是号码"'),
        ("identifier", {"kind": "resident_id", "identifier": "示例号"}, 'name="identifier" value="示例号"'),
        ("unmask", {"what": "phone", "purpose": "nothing", "words": "示例回电"}, 'name="words" value="示例回电"'),
        ("consent", {"purpose": "nothing", "channel": "phone", "version": "2025"}, 'name="version" value="2025"'),
        ("relation", {"kind": "family", "other": "示例丁"}, 'id="r-other" name="other" value="示例丁"'),
        ("merge", {"other": "示例戊"}, 'id="m-other" name="other" value="示例戊"'),
    ],
)
def test_what_was_typed_comes_back_with_the_refusal(agent, deed, sent, back):
    customer = add(name="示例王", phones=("13800138000",))
    answer = agent.post(f"/customers/{customer.pk}/{deed}", sent)
    assert answer.status_code == 422
    assert text(answer).count(back) == 1
    assert back not in text(agent.get(f"/customers/{customer.pk}"))


def test_a_full_number_takes_a_reason_and_is_looked_over_by_another(world, agent):
    customer = add(name="示例王", phones=("13800138000",))
    path = f"/customers/{customer.pk}/unmask"
    refused = agent.post(path, {"what": "phone", "purpose": "contact", "words": ""})
    assert (refused.status_code, Unmasking.objects.count()) == (422, 0)
    shown = agent.post(path, {"what": "phone", "purpose": "contact", "words": "回电"})
    assert "138 0013 8000" in text(shown)
    assert shown["Cache-Control"] == "no-store"
    reviews = "/administration/journal/reviews"
    assert agent.get(reviews).status_code == 404
    chief, fact = world.signed_in("supervisor"), Fact.objects.get(type="customer.unmasked")
    assert "回电" in text(chief.get(reviews))
    assert agent.post(f"{reviews}/{fact.pk}", {"verdict": "not"}).status_code == 404
    assert chief.post(f"{reviews}/{fact.pk}", {"verdict": "not"}).status_code == 302
    assert Unmasking.objects.get().is_justified is False
    assert "不正当" in text(chief.get(reviews))


def test_merging_asks_first_leads_on_and_is_undone(world, agent):
    ticket = world.ticket()
    dropped, kept = ticket.customer, add(name="示例留下的")
    base = f"/customers/{kept.pk}"
    assert "示例顾客" in text(agent.post(f"{base}/merge", {"other": "13800000101"}))
    assert "示例顾客" in text(agent.get(f"{base}/merge?other={dropped.pk}"))
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert agent.post(f"{base}/merge", {"other": str(dropped.pk), "confirm": "1"}).url == base
    assert agent.get(f"/customers/{dropped.pk}").url == base
    page = text(agent.get(base))
    assert ticket.number in page
    assert Case.objects.get(pk=ticket.pk).customer == kept
    merge = page.partition('name="merge" value="')[2].partition('"')[0]
    assert agent.post(f"{base}/undo", {"merge": merge}).url == f"/customers/{dropped.pk}"
    assert Case.objects.get(pk=ticket.pk).customer == dropped
    assert agent.post(f"{base}/undo", {"merge": merge}).status_code == 422
    for nobody in ("nobody", "999999", "#999999"):
        assert agent.post(f"{base}/merge", {"other": nobody}).status_code == 422


def test_the_timeline_shows_only_cases_its_viewer_may_see(world, agent):
    ticket = world.ticket()
    page = f"/customers/{ticket.customer_id}"
    assert ticket.number in text(agent.get(page))
    Case.objects.filter(pk=ticket.pk).update(audience=["staff:0"])
    assert ticket.number not in text(agent.get(page))


def test_markup_in_a_name_stays_text(agent):
    customer = add(name="<script>alert(1)</script>", tags=("<b>x",))
    for path in ("/customers", f"/customers/{customer.pk}", f"/customers/{customer.pk}/edit"):
        page = text(agent.get(path))
        assert "<script>alert" not in page
        assert "<b>x" not in page


def test_every_page_reads_in_english(world):
    import re

    customer = add(name="Sample", phones=("13800138000",), identifiers={"resident_id": RESIDENT})
    other = add(name="Sample 2")
    chief = world.signed_in("supervisor")
    chief.cookies["django_language"] = "en"
    for path in (
        "/customers", "/customers?q=nobody", "/customers/new", f"/customers/{customer.pk}",
        f"/customers/{customer.pk}/edit", f"/customers/{customer.pk}/merge?other={other.pk}", "/administration/journal/reviews",
    ):  # fmt: skip
        page = text(chief.get(path)).partition("<main")[2].partition("</main>")[0]
        left = re.findall(r"[\u4e00-\u9fff]{1,20}", re.sub("中文|北京|示例", "", page))
        assert (path, left) == (path, [])


def test_a_customer_that_is_not_there_has_no_page(agent):
    here = add(name="示例某人").pk
    assert agent.get(f"/customers/{here}").status_code == 200
    for path in ("", "/edit", "/merge"):
        assert agent.get(f"/customers/{here + 1}{path}").status_code == 404, path


def test_before_a_merge_only_the_cases_one_may_see_are_counted(world, agent):
    ticket, other = world.ticket(), world.ticket()
    kept, dropped = add(name="示例留下的"), ticket.customer
    Case.objects.filter(pk=other.pk).update(audience=["staff:0"])
    sides = agent.get(f"/customers/{kept.pk}/merge?other={dropped.pk}").context["sides"]
    assert [(side["customer"], side["cases"]) for side in sides] == [(kept, 0), (dropped, 1)]
