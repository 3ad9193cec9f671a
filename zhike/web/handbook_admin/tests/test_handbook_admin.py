"""The manager's pages of a handbook: install, compare, decide, read, parameters, days off."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from zhike.adoption.models import Proposal, Receipt
from zhike.adoption.study import study
from zhike.adoption.tests.proposing import shipped
from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.clocks.retiming import Move
from zhike.handbook.archive import Files
from zhike.org.handbooks import book_of, current
from zhike.org.models import HandbookVersion, HolidayTableYear
from zhike.web.handbook_admin import days_off
from zhike.web.tests.world import NINE, World

HOME = "/administration/handbooks"
JULY = "2025-07-01T00:00"


@pytest.fixture
def boss(world: World) -> Client:
    world.add("second", is_admin=True)
    return world.signed_in("boss")


def zipped(files: Files) -> SimpleUploadedFile:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, text in files.items():
            out.writestr(f"retail-hotline/{name}", text)
    return SimpleUploadedFile("示例.zip", made.getvalue(), "application/zip")


def slower(limit: str = "45m") -> Files:
    files = dict(shipped())
    files["warning.yaml"] = files["warning.yaml"].replace("within: 30m", f"within: {limit}", 1)
    files["handbook.yaml"] = files["handbook.yaml"].replace('version: "1.0.0"', 'version: "2.0.0"')
    return files


def uploaded(boss: Client, files: Files | None = None) -> Proposal:
    answer = boss.post(f"{HOME}/upload", {"file": zipped(files or slower())})
    assert answer.status_code == 302, answer.content.decode()
    return Proposal.objects.latest("pk")


def submitted(boss: Client, **more: str) -> Proposal:
    proposal = uploaded(boss)
    wanted = {"when": "at", "from": JULY, "why": "示例：人手不足", **more}
    assert boss.post(f"{HOME}/proposals/{proposal.pk}/submit", wanted).status_code == 302
    return proposal


def adopted(world: World, boss: Client, **more: str) -> Proposal:
    proposal = submitted(boss, **more)
    assert world.signed_in("second").post(f"{HOME}/proposals/{proposal.pk}/approve").status_code == 302
    proposal.refresh_from_db()
    return proposal


def test_an_upload_with_mistakes_tells_all_of_them_and_installs_nothing(boss: Client) -> None:
    files = slower()
    files["warning.yaml"] = files["warning.yaml"].replace("until: action.submit", "until: action.sumbit", 1)
    files["service.yaml"] = files["service.yaml"].replace("kind: gate", "kind: gatte", 1)
    answer = boss.post(f"{HOME}/upload", {"file": zipped(files)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "没有“gatte”这种条款" in page
    assert "service.yaml:" in page
    assert "SVC-01" in page
    assert "是否应为“gate”" in page
    assert (Proposal.objects.count(), HandbookVersion.objects.count()) == (0, 1)


def test_an_upload_that_is_no_zip_or_none_at_all_is_told(boss: Client) -> None:
    for sent in ({}, {"file": SimpleUploadedFile("x.zip", b"nothing")}):
        answer = boss.post(f"{HOME}/upload", sent)
        assert answer.status_code == 422
    assert "这不是能打开的 ZIP 文件" in answer.content.decode()
    assert Proposal.objects.count() == 0


def test_a_sound_upload_becomes_a_draft_that_shows_what_changes(boss: Client) -> None:
    proposal = uploaded(boss)
    page = boss.get(f"{HOME}/proposals/{proposal.pk}").content.decode()
    assert "新增 0 处，删去 0 处，改动 1 处" in page
    assert "WARN-05" in page
    assert "<del>30 分钟</del>" in page
    assert "<ins>45 分钟</ins>" in page
    assert "WARN-05" in boss.get(f"{HOME}/proposals/{proposal.pk}/preview").content.decode()
    assert HandbookVersion.objects.count() == 1


def test_the_impact_is_shown_on_the_page(world: World, boss: Client) -> None:
    world.warning()
    proposal = uploaded(boss, slower("10m"))

    def one_fails(files: Files, tick: Any) -> dict[str, Any]:
        bad = {"file": "a.feature", "scenario": "示例场景", "step": "步骤", "because": "不同了", "clause": "WARN-05"}
        found = [bad] if '"amount": 10' in files["handbook.yaml"] else []
        return {"scenarios": {"passed": 3 - len(found), "failed": len(found)}, "failures": found}

    study(proposal.pk, NINE + dt.timedelta(minutes=15), one_fails)
    page = boss.get(f"{HOME}/proposals/{proposal.pk}").content.decode()
    assert "按新版本 1 只的最晚时间会变" in page
    assert "1 只提前，20 分钟" in page
    assert "1 个现在通过的场景，按新版本会失败" in page
    assert "示例场景" in page
    assert "您无权查看的工单" in page


def test_one_submits_another_approves_and_it_takes_effect_at_the_moment_chosen(world: World, boss: Client) -> None:
    proposal = submitted(boss)
    own = boss.post(f"{HOME}/proposals/{proposal.pk}/approve")
    assert own.status_code == 422
    assert "自己提出的不能由自己决定" in own.content.decode()
    world.signed_in("second").post(f"{HOME}/proposals/{proposal.pk}/approve")
    begins = dt.datetime.fromisoformat("2025-07-01T00:00:00+08:00")
    assert current("retail-hotline", begins).proposal == proposal
    assert current("retail-hotline", begins - dt.timedelta(seconds=1)) == world.version
    page = boss.get(HOME).content.decode()
    assert "将生效" in page
    assert "现行" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"when": "at", "from": "2025-06-01T00:00", "why": "示例"}, "已经过去"),
        ({"when": "at", "from": "", "why": "示例"}, "请填写生效的日期和时间"),
        ({"when": "at", "from": "9999-99-99T00:00", "why": "示例"}, "请填写生效的日期和时间"),
        ({"when": "now", "why": "  "}, "请写明原因"),
        ({"when": "now", "why": "长" * 501}, "最多 500 个字"),
    ],
)
def test_a_submission_that_cannot_be_comes_back_with_what_was_typed(
    boss: Client, typed: dict[str, str], words: str
) -> None:
    proposal = uploaded(boss)
    answer = boss.post(f"{HOME}/proposals/{proposal.pk}/submit", typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Proposal.objects.get().state == "draft"


def test_what_was_approved_is_cancelled_before_it_begins(world: World, boss: Client) -> None:
    proposal = adopted(world, boss)
    boss.post(f"{HOME}/proposals/{proposal.pk}/cancel", {"why": "示例：推迟"})
    assert HandbookVersion.objects.count() == 1
    assert "示例：推迟" in boss.get(f"{HOME}/proposals/{proposal.pk}").content.decode()


def test_an_earlier_version_is_proposed_again(world: World, boss: Client) -> None:
    adopted(world, boss, when="now")
    world.later(60)
    answer = boss.post(f"{HOME}/restore/{world.version.pk}")
    proposal = Proposal.objects.latest("pk")
    assert answer.headers["Location"] == f"{HOME}/proposals/{proposal.pk}"
    assert proposal.kind == "restore"


def test_a_shipped_handbook_is_proposed_by_name_and_a_name_that_is_none_is_refused(boss: Client) -> None:
    assert boss.post(f"{HOME}/shipped", {"name": "repair-franchise"}).status_code == 302
    proposal = Proposal.objects.get()
    assert (proposal.name, proposal.base) == ("repair-franchise", None)
    assert "这是一份新制度" in boss.get(f"{HOME}/proposals/{proposal.pk}").content.decode()
    for name in ("../../etc", "", "nothing"):
        assert boss.post(f"{HOME}/shipped", {"name": name}).status_code == 422


def test_whoever_it_touches_reads_and_confirms_and_the_manager_sees_who_has(world: World, boss: Client) -> None:
    proposal = adopted(world, boss)
    agent = world.signed_in("agent")
    address = f"/handbook/changes/{proposal.pk}"
    assert address in agent.get("/notices").content.decode()
    page = agent.get(address).content.decode()
    assert "<ins>45 分钟</ins>" in page
    assert "我已阅读" in page
    agent.post(address)
    assert "您已确认读过" in agent.get(address).content.decode()
    readers = boss.get(f"{HOME}/proposals/{proposal.pk}/readers").content.decode()
    assert "2 人中 1 人已确认" in readers
    world.later(61)
    boss.post(f"{HOME}/proposals/{proposal.pk}/remind")
    assert dict(Receipt.objects.values_list("staff__username", "reminded")) == {"agent": 0, "supervisor": 1}
    assert world.signed_in("manager1").get(address).status_code == 404


def test_parameters_stand_by_clause_with_value_default_and_bounds(world: World, boss: Client) -> None:
    add_bounds(world)
    page = boss.get(f"{HOME}/retail-hotline/parameters").content.decode()
    assert "第几次退回起告知热线客服中心主管" in page
    assert "WARN-08" in page
    assert "1 至 20" in page
    assert "80 %" in page


def add_bounds(world: World) -> None:
    """The installed handbook is the shipped one, which gives the parameter its bounds."""
    assert {one.id: one.most for one in book_of(world.version.pk).handbook.parameters} == {
        "warn_share": 95,
        "export_wait": "90d",
        "auto_mails_a_day": 20,
        "return_reminder": 20,
    }


def test_a_parameter_is_changed_by_one_and_approved_by_another(world: World, boss: Client) -> None:
    address = f"{HOME}/retail-hotline/parameters/return_reminder"
    for value, words in (("21", "超出范围"), ("x", "请填整数"), ("3", "与现在的值相同")):
        answer = boss.post(address, {"value": value, "when": "now", "why": "示例"})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert boss.post(address, {"value": "5", "when": "at", "from": JULY, "why": "示例：常有退回"}).status_code == 302
    proposal = Proposal.objects.get()
    world.signed_in("second").post(f"{HOME}/proposals/{proposal.pk}/approve")
    page = boss.get(address).content.decode()
    assert "将改为" in page
    assert "示例：常有退回" in page
    assert "示例second" in page
    clause = boss.get("/handbook/retail-hotline/clause/WARN-08").content.decode()
    assert address in clause
    assert "5 次" in clause


def test_what_would_move_names_only_cases_the_administrator_may_see(
    world: World, boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = world.warning()
    found = Clock.objects.filter(subject_kind="case", subject_id=case.pk).latest("pk")
    monkeypatch.setattr(days_off, "moves", lambda *_asked: iter([Move(found, found.due_at)]))
    named = []
    for keys in ([], [world.viewer("boss").principal]):
        Case.objects.filter(pk=case.pk).update(audience=keys)
        page = boss.post(f"{HOME}/days-off/cn/2028", {"off": "元旦 2028-01-01", "announced": "1", "deed": "look"})
        named.append((found.clause in page.content.decode(), case.number in page.content.decode()))
    assert named == [(True, False), (True, True)]


def test_a_year_is_looked_at_first_and_then_counts(world: World, boss: Client) -> None:
    address = f"{HOME}/days-off/cn/2028"
    typed = {"off": "元旦 2028-01-01\n春节：2028-01-25 至 2028-01-31", "work": "2028-01-22", "announced": "1"}
    looked = boss.post(address, {**typed, "deed": "look"})
    assert "没有一只正在计的时限会变" in looked.content.decode()
    assert HolidayTableYear.objects.count() == 0
    assert boss.post(address, {**typed, "deed": "enter", "why": ""}).status_code == 422
    boss.post(address, {**typed, "deed": "enter", "why": "示例：第 1 号"})
    row = HolidayTableYear.objects.get()
    assert row.data["off"][1]["to"] == "2028-01-31"
    assert "示例：第 1 号" in boss.get(f"{HOME}/days-off").content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"off": "春节"}, "第 1 行读不懂"),
        ({"off": "元旦 2028-02-30"}, "没有 2028-2-30 这一天".replace("2028-2-30", "2028-02-30")),
        ({"off": "元旦 2027-01-01"}, "这些日子不成立"),
        ({"off": "元旦 2028-01-01", "work": "2028-01-01"}, "这些日子不成立"),
    ],
)
def test_days_that_cannot_be_are_told(boss: Client, typed: dict[str, str], words: str) -> None:
    answer = boss.post(f"{HOME}/days-off/cn/2028", {**typed, "announced": "1", "deed": "look"})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_year_is_imported_as_data(boss: Client) -> None:
    data = "region: cn\nyear: 2028\nstatus: announced\noff:\n  - {name: 元旦, from: 2028-01-01, to: 2028-01-01}\nwork: []\n"
    file = SimpleUploadedFile("cn-2028.yaml", data.encode())
    page = boss.post(f"{HOME}/days-off/cn/2028", {"file": file, "deed": "look"}).content.decode()
    assert "元旦 2028-01-01" in page
    wrong = SimpleUploadedFile("cn-2028.yaml", b"a: &x [1]\nb: *x")
    assert boss.post(f"{HOME}/days-off/cn/2028", {"file": wrong, "deed": "look"}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""), ("post", "/upload"), ("post", "/shipped"), ("post", "/restore/1"), ("get", "/compare"), ("get", "/proposals/1"),
        ("get", "/proposals/1/preview"), ("get", "/proposals/1/readers"), ("post", "/proposals/1/approve"), ("get", "/days-off"),
        ("post", "/days-off/cn/2027"), ("get", "/retail-hotline/parameters"), ("post", "/retail-hotline/parameters/return_reminder"),
    ],
)  # fmt: skip
def test_only_administrators_come_here(world: World, method: str, path: str) -> None:
    for username in ("agent", "supervisor", "manager1"):
        assert getattr(world.signed_in(username), method)(HOME + path).status_code == 403
    assert getattr(Client(), method)(HOME + path).status_code in (302, 401)


def test_numbers_and_deeds_that_do_not_exist_are_not_found(boss: Client) -> None:
    for path in (
        "/proposals/999",
        "/proposals/999/preview",
        "/compare?before=1&after=x",
        "/days-off/xx/2027",
        "/days-off/cn/1999",
    ):
        assert boss.get(HOME + path).status_code == 404
    proposal = uploaded(boss)
    assert boss.post(f"{HOME}/proposals/{proposal.pk}/explode").status_code == 404
    assert boss.get(f"{HOME}/nothing/parameters").status_code == 404


def test_two_versions_are_compared(world: World, boss: Client) -> None:
    proposal = adopted(world, boss)
    assert proposal.installed is not None
    page = boss.get(f"{HOME}/compare?before={world.version.pk}&after={proposal.installed.pk}").content.decode()
    assert "<ins>45 分钟</ins>" in page


def test_the_pages_ask_few_questions(world: World, boss: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(3):
        world.warning()
    proposal = adopted(world, boss)
    for path in (
        "",
        f"/proposals/{proposal.pk}",
        f"/proposals/{proposal.pk}/readers",
        "/retail-hotline/parameters",
        "/days-off",
    ):
        boss.get(HOME + path)
        with django_assert_max_num_queries(12):
            assert boss.get(HOME + path).status_code == 200
    assert Clock.objects.exists()
