"""The enquiry directory: six topics, the outlet's six facts, and what happens where there is no answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from zhike.journal.models import ClauseUse
from zhike.notices.models import Notice
from zhike.records.directory import save_row
from zhike.web.tests.world import World, retail

ENQUIRIES = "/lookup/retail-hotline/enquiry_info"
OUTLETS = "/lookup/retail-hotline/outlet"
OUTLET: dict[str, Any] = {
    "name": "示例一店", "address": "示例大街 1 号", "contact_name": "示例联系人", "contact_phone": "13900000011",
    "opening_hours": "9:00 至 21:00", "district": "sample_east", "brand_news": "示例品牌到店",
    "counter_phones": [{"counter": "示例化妆品专厅", "phone": "13900000012"}],
}  # fmt: skip


@pytest.fixture
def kept(world: World) -> World:
    keeper = world.viewer("supervisor")
    save_row(retail(), "outlet", OUTLET, by=keeper, now=world.now)
    answer = {"topic": "job", "subject": "示例招聘", "answer": "示例：二店招收银员"}
    save_row(retail(), "enquiry_info", answer, by=keeper, now=world.now)
    return world


def test_the_six_topics_stand_there_and_nothing_is_looked_up_before_one_is_chosen(kept: World) -> None:
    page = kept.signed_in("agent").get("/lookup")
    assert [topic.id for topic in page.context["topics"]] == [
        "dm_goods",
        "price",
        "store_opening",
        "merchant_recruit",
        "job",
        "outlet",
    ]
    assert ClauseUse.objects.filter(clause__in=["SVC-02", "SVC-03"]).count() == 0


def test_an_answer_is_read_and_its_clause_counted(kept: World) -> None:
    page = kept.signed_in("agent").get(f"{ENQUIRIES}?topic=job").content.decode()
    assert "二店招收银员" in page
    assert "SVC-02" in page
    assert ClauseUse.objects.get(clause="SVC-02").outcome == "applied"


def test_the_topic_of_outlets_shows_the_facts_the_clause_opens_and_no_other(kept: World) -> None:
    page = kept.signed_in("agent").get(f"{ENQUIRIES}?topic=outlet").content.decode()
    for fact in (
        "示例一店",
        "示例大街 1 号",
        "示例联系人",
        "139 0000 0011",
        "9:00 至 21:00",
        "示例化妆品专厅",
        "示例品牌到店",
    ):
        assert fact in page
    assert "归属区县" not in page
    assert ClauseUse.objects.filter(clause="SVC-03", outcome="applied").count() == 1


def test_an_outlet_is_found_by_a_word(kept: World) -> None:
    client = kept.signed_in("agent")
    assert "示例一店" in client.get(f"{ENQUIRIES}?topic=outlet&q=大街").content.decode()
    assert "资料里没有" in client.get(f"{ENQUIRIES}?topic=outlet&q=没有的街").content.decode()


def test_a_gap_is_told_to_those_who_keep_the_directory(kept: World) -> None:
    client = kept.signed_in("agent")
    assert "资料里没有" in client.get(f"{ENQUIRIES}?topic=price").content.decode()
    client.post(f"{ENQUIRIES}/missing", {"topic": "price", "q": "电水壶"})
    notice = Notice.objects.get()
    assert "retail-hotline:hotline_supervisor" in notice.to
    assert "商品价格信息: 电水壶" in notice.words["zh"]


def test_those_the_clause_does_not_name_stay_out(kept: World) -> None:
    assert kept.signed_in("manager1").get(f"{ENQUIRIES}?topic=job").status_code == 403
    assert Client().get(f"{ENQUIRIES}?topic=job").status_code == 302


@pytest.mark.parametrize("address", ["/lookup/retail-hotline/service_ticket", "/lookup/other/outlet", f"{OUTLETS}x"])
def test_only_directories_are_looked_up(kept: World, address: str) -> None:
    assert kept.signed_in("agent").get(address).status_code == 404


def test_markup_in_a_search_shows_as_text(kept: World) -> None:
    page = kept.signed_in("agent").get(ENQUIRIES, {"topic": "job", "q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page


def test_the_way_to_the_directory_is_shown_to_whoever_keeps_it(kept: World) -> None:
    found = {
        who: bool(kept.signed_in(who).get(f"{ENQUIRIES}?topic=job").context["kept"]) for who in ("agent", "supervisor")
    }
    assert found == {"agent": False, "supervisor": True}
