"""Exports through the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from zhike.cases import takeout
from zhike.cases.models import CaseExport
from zhike.journal.models import Fact
from zhike.notices.models import Notice
from zhike.org.models import HandbookVersion
from zhike.web.tests.world import World


@pytest.fixture(autouse=True)
def _home(tmp_path: Path) -> Iterator[None]:
    with override_settings(ZHIKE_HOME=tmp_path):
        yield


def ask(client, **more: str):
    return client.post("/cases/exports", {"format": "csv", "process": "retail-hotline.complaint_warning", **more})


def test_asked_for_written_fetched(world: World) -> None:
    warning = world.warning()
    client = world.signed_in("agent")
    assert "导出" in client.get("/cases?process=retail-hotline.complaint_warning").content.decode()
    page = client.get("/cases/exports?process=retail-hotline.complaint_warning")
    assert (page.context["rows"], page.context["words"]) == ("1", "流程 投诉预警")
    assert ask(client)["Location"] == "/cases/exports"
    waiting = client.get("/cases/exports").content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    takeout.write(CaseExport.objects.get().pk, lambda: world.now)
    ready = client.get("/cases/exports")
    assert [line.state for line in ready.context["mine"]] == ["可以下载"]
    file = client.get(f"/cases/exports/{CaseExport.objects.get().pk}/file")
    assert warning.number in b"".join(file.streaming_content).decode("utf-8-sig")
    assert file["Content-Disposition"].startswith("attachment")
    assert (file["X-Content-Type-Options"], file["Cache-Control"]) == ("nosniff", "private, no-store")
    assert list(Fact.objects.filter(type__startswith="export.").order_by("id").values_list("type", flat=True)) == [
        "export.asked", "export.written", "export.fetched",
    ]  # fmt: skip


def test_the_file_of_somebody_else_is_not_there(world: World) -> None:
    world.warning()
    ask(world.signed_in("agent"))
    export = CaseExport.objects.get()
    takeout.write(export.pk, lambda: world.now)
    for who in ("supervisor", "manager1", "boss", "outsider"):
        client = world.signed_in(who)
        assert client.get(f"/cases/exports/{export.pk}/file").status_code == 404
        assert client.post(f"/cases/exports/{export.pk}", {"deed": "agree"}).status_code == 404
        assert export.mark not in client.get("/cases/exports").content.decode()


def test_who_may_not_see_the_list_is_offered_no_export(world: World) -> None:
    world.warning()
    for who in ("boss", "outsider"):
        assert ask(world.signed_in(who)).status_code == 422
    assert CaseExport.objects.count() == 0


@pytest.mark.parametrize("sent", [{"format": "exe"}, {"format": ""}, {"process": "x", "q": "不存在的词"}])
def test_nonsense_is_refused_in_words(world: World, sent: dict[str, str]) -> None:
    world.warning()
    answer = ask(world.signed_in("agent"), **sent)
    assert answer.status_code == 422
    assert answer.context["refusals"]


def test_consent_through_the_pages(world: World) -> None:
    row = HandbookVersion.objects.get()
    gate = {
        "id": "OUT-01", "kind": "gate", "title": {"zh": "导出须同意", "en": "Consent"}, "cites": "2.1", "quote": "x",
        "on": ["export.cases"], "requires": {"approvals": [["hotline_supervisor"]]},
        "refuse": {"zh": "须主管同意。", "en": "Needs consent."},
    }  # fmt: skip
    row.source["clauses"].append(gate)
    again = HandbookVersion.objects.create(
        name=row.name, version="2", effective_from=world.now, source=row.source, text=row.text, digest="e" * 64
    )
    assert again.pk
    world.warning()
    agent, chief = world.signed_in("agent"), world.signed_in("supervisor")
    ask(agent)
    export = CaseExport.objects.get()
    mine = agent.get("/cases/exports").content.decode()
    assert "等待同意" in mine
    assert "轮到 热线服务主管" in mine
    assert "/handbook/retail-hotline/clause/OUT-01" in mine
    assert Notice.objects.filter(subject_kind="export").count() == 1
    assert "/cases/exports" in chief.get("/notices").content.decode()
    assert [line.export for line in chief.get("/cases/exports").context["awaiting"]] == [export]
    assert chief.post(f"/cases/exports/{export.pk}", {"deed": "agree"})["Location"] == "/cases/exports"
    export.refresh_from_db()
    assert export.state == "queued"
    assert chief.post(f"/cases/exports/{export.pk}", {"deed": "refuse"}).status_code == 404


def test_the_page_is_english_in_english(world: World) -> None:
    world.warning()
    client = world.signed_in("agent")
    client.cookies["django_language"] = "en"
    ask(client)
    for address in ("/cases/exports", "/cases/exports?process=retail-hotline.complaint_warning"):
        body = client.get(address).content.decode().partition("<main")[2].partition("</main>")[0]
        assert re.findall(r"[\u4e00-\u9fff]+", body) == []
