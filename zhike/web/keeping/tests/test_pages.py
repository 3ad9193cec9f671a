"""What administrators see of deletions, and what a case's own pages say when its contents are gone."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client, override_settings

from zhike.cases.actions import add_note
from zhike.cases.models import Case, Hold
from zhike.journal.models import Fact
from zhike.keeping.models import Failure, Run
from zhike.keeping.running import delete_due
from zhike.keeping.tests.test_deleting import KEEP
from zhike.lib import clock
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion
from zhike.web.cli import keep
from zhike.web.portal.progress import progress
from zhike.web.tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "示例：收银员态度不好。"
TWO_YEARS = dt.timedelta(days=731)


@pytest.fixture
def kept(world: World, tmp_path: Path) -> Iterator[World]:
    """The handbook keeps tickets for two years."""
    for version in HandbookVersion.objects.all():
        version.source["clauses"].append(KEEP)
        version.save(update_fields=["source"])
    book_of.cache_clear()
    with override_settings(ZHIKE_HOME=tmp_path, MEDIA_ROOT=tmp_path / "files"):
        yield world
    book_of.cache_clear()


def closed(world: World, ago: dt.timedelta = TWO_YEARS) -> Case:
    case = world.ticket()
    add_note(case, "示例：备注里的话。", by=world.viewer("agent"), now=world.now)
    Case.objects.filter(pk=case.pk).update(status="closed", closed_at=world.now - ago, next_due_at=None)
    return Case.objects.get(pk=case.pk)


def deleted(world: World) -> Case:
    case = closed(world)
    delete_due(by="system", now=lambda: world.now)
    return Case.objects.get(pk=case.pk)


def text_of(client: Client, url: str, **more: Any) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, (url, answer.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_page_tells_what_is_due_and_what_waits(kept: World) -> None:
    soon, held, far = closed(kept, dt.timedelta(days=715)), closed(kept), closed(kept, dt.timedelta(days=300))
    Hold.objects.create(case=held, at=kept.now, by="staff:1", why="示例")
    page = text_of(kept.signed_in("boss"), "/administration/kept")
    assert soon.number in page
    assert held.number in page
    assert far.number not in page
    assert "有人暂停了删除" in page
    assert "依据 KEEP-1" in page


def test_the_page_tells_what_was_deleted_by_which_clause_and_what_failed(kept: World) -> None:
    deleted(kept)
    Failure.objects.create(
        run=Run.objects.get(), at=kept.now, subject_kind="case", subject_id=9, number="FW250101000009", why="ValueError"
    )
    page = text_of(kept.signed_in("boss"), "/administration/kept")
    assert re.search(r"服务工单 依据 KEEP-1 1 ", page)
    assert "有 1 项没有删成" in page
    assert "FW250101000009" in page


def test_without_a_rule_the_page_says_how_to_write_one(world: World) -> None:
    assert "没有写明保存期限的制度" in text_of(world.signed_in("boss"), "/administration/kept")


def test_it_is_not_for_agents(kept: World) -> None:
    assert kept.signed_in("agent").get("/administration/kept").status_code == 403


def test_the_page_of_a_deleted_case_says_so_and_offers_nothing(kept: World) -> None:
    case = deleted(kept)
    page = text_of(kept.signed_in("agent"), f"/cases/{case.number}")
    assert "按保存期限删除" in page
    assert "依据 KEEP-1" in page
    assert WORDS not in page
    assert "备注里的话" not in page
    assert "内容已到期删除" in page


@pytest.mark.parametrize("url", ["/cases/{}/print", "/cases/{}/timeline", "/cases/{}/live", "/cases?q={}"])
def test_nothing_fails_over_a_deleted_case(kept: World, url: str) -> None:
    case = deleted(kept)
    page = text_of(kept.signed_in("agent"), url.format(case.number))
    assert WORDS not in page


def test_the_print_says_so(kept: World) -> None:
    assert "按保存期限删除" in text_of(kept.signed_in("agent"), f"/cases/{deleted(kept).number}/print")


def test_somebody_in_charge_puts_a_deletion_off_and_ends_that(kept: World) -> None:
    case = closed(kept)
    client = kept.signed_in("supervisor")
    url = f"/cases/{case.number}/hold"
    assert "为什么要保留" in text_of(client, url)
    assert client.post(url, {"why": ""}).status_code == 422
    assert client.post(url, {"why": "示例：法院要调阅"}).status_code == 302
    page = text_of(client, f"/cases/{case.number}")
    assert "暂停了删除" in page
    assert "示例：法院要调阅" in page
    delete_due(by="system", now=lambda: kept.now)
    assert Case.objects.get(pk=case.pk).emptied_at is None
    assert client.post(url, {"deed": "end"}).status_code == 302
    assert [fact.type for fact in Fact.objects.filter(type__in=["case.held", "case.hold_ended"]).order_by("id")] == [
        "case.held",
        "case.hold_ended",
    ]


def test_an_agent_is_refused_a_hold(kept: World) -> None:
    case = closed(kept)
    kept.signed_in("agent").post(f"/cases/{case.number}/hold", {"why": "示例"})
    assert not Hold.objects.exists()


def test_the_command_says_what_is_due_and_deletes_it(kept: World) -> None:
    case = closed(kept)
    before = clock.install(lambda: kept.now)
    try:
        due, run = keep.due_now(), keep.run_now()
    finally:
        clock.install(before)
    assert [row["number"] for row in due["due"]] == [case.number]  # type: ignore[attr-defined]
    assert run == {"deleted": 1, "failed": []}
    assert keep.lines_of(run) == ["1 deleted"]
    assert CliRunner().invoke(keep.command, ["--help"]).exit_code == 0
    assert json.dumps(due)


def test_the_case_page_and_the_page_of_deletions_ask_little(
    kept: World, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    case = closed(kept)
    Hold.objects.create(case=case, at=kept.now, by=f"staff:{kept.staff['boss'].pk}", why="示例")
    for who, url in (("supervisor", f"/cases/{case.number}"), ("boss", "/administration/kept")):
        client = kept.signed_in(who)
        client.get(url)
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200


def test_the_customer_reads_that_his_words_are_gone(kept: World) -> None:
    case = closed(kept)
    Case.objects.filter(pk=case.pk).update(emptied_at=kept.now, emptied_by="KEEP-1")
    case.refresh_from_db()
    who = kept.viewer("agent")
    book = book_of(case.handbook_version_id)
    told = progress(case, book, who, kept.now)
    assert (told.emptied_at, told.may_write, told.may_dispute) == (kept.now, False, False)
