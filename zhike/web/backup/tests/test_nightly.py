"""Backups by themselves: when they are due, how long they are kept, who sees the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from zhike.clocks.nightly import night_of
from zhike.journal.models import Fact
from zhike.journal.tests.happenings import another_session
from zhike.web.backup import nightly, programs
from zhike.web.backup.making import BackupFailed
from zhike.web.backup.manifest import Manifest
from zhike.web.backup.nightly import change_plan, forget_old, is_due, run_backup
from zhike.web.backup.programs import NoProgram, Programs, programs_for, reached_by
from zhike.web.models import BackupPlan, BackupRun
from zhike.web.tests.world import World


def at(text: str) -> dt.datetime:
    """A moment of the product's time zone."""
    return dt.datetime.fromisoformat(f"2026-07-{text}:00+08:00")


def ran(text: str, state: str = "done", name: str = "") -> BackupRun:
    return BackupRun.objects.create(started_at=at(text), by="system", name=name or f"{text}.backup", state=state)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHIKE_BACKUPS", str(tmp_path / "backups"))
    return tmp_path / "backups"


@pytest.fixture
def no_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backups that write a small file and nothing else."""

    def made(source: object, target: Path, **_: object) -> Manifest:
        target.write_bytes(b"12345")
        return Manifest(1, "0", "", False, 0, 0, {}, [], "", [])

    monkeypatch.setattr(nightly, "make_backup", made)


@pytest.mark.django_db
def test_a_second_backup_is_not_made_while_one_is(folder: Path, no_dump: None) -> None:
    with another_session() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [nightly.LOCK])
        assert run_backup(by="system", now=lambda: at("02 03:00")) is None
    assert not BackupRun.objects.exists()


def test_a_night_begins_when_the_clock_last_struck_the_hour() -> None:
    assert night_of(at("02 01:59"), 2) == at("01 02:00")
    assert night_of(at("02 02:00"), 2) == at("02 02:00")
    assert night_of(at("02 23:00"), 2) == at("02 02:00")


@pytest.mark.django_db
def test_one_good_backup_a_night_and_three_attempts_at_it() -> None:
    assert is_due(at("02 02:00"))
    ran("02 02:00", "failed")
    ran("02 02:10", "failed")
    assert is_due(at("02 02:20"))
    ran("02 02:20", "failed")
    assert not is_due(at("02 02:30"))
    assert is_due(at("03 02:00"))
    ran("03 02:00")
    assert not is_due(at("03 12:00"))
    assert not is_due(at("04 01:59"))
    assert is_due(at("04 02:00"))


@pytest.mark.django_db
def test_no_backup_is_made_where_nobody_wants_one_nor_in_a_sandbox(settings) -> None:
    settings.SANDBOX = True
    assert not is_due(at("02 02:00"))
    settings.SANDBOX = False
    change_plan(is_on=False, hour=2, keep_days=14, by="staff:1", now=at("01 09:00"))
    assert not is_due(at("02 02:00"))
    assert Fact.objects.get(type="backup.plan_changed").payload == {"changed": ["is_on"]}


@pytest.mark.django_db
def test_what_is_too_old_goes_but_never_the_newest_good_one(folder: Path) -> None:
    folder.mkdir()
    for day in ("01", "02", "20"):
        ran(f"{day} 02:00", name=day)
        (folder / day).write_text(day)
    ran("21 02:00", "failed", name="21")
    assert forget_old(at("20 03:00")) == 2
    assert [path.name for path in folder.iterdir()] == ["20"]
    BackupPlan.objects.update(keep_days=1)
    assert forget_old(at("30 03:00")) == 0
    assert [path.name for path in folder.iterdir()] == ["20"]


@pytest.mark.django_db
def test_a_run_is_written_down_with_what_came_of_it(folder: Path, no_dump: None) -> None:
    cut_off = ran("01 02:00", "running")
    folder.mkdir()
    (folder / ".zhike-1.backup.unfinished").write_text("half")
    run = run_backup(by="staff:1", now=lambda: at("02 02:00"))
    assert run is not None
    cut_off.refresh_from_db()
    assert (run.state, run.size, run.name) == ("done", 5, "zhike-20260702-020000.backup")
    assert (cut_off.state, cut_off.why) == ("failed", "cut off")
    assert [path.name for path in folder.iterdir()] == [run.name]
    assert Fact.objects.get(type="backup.made").actor == "staff:1"


@pytest.mark.django_db
def test_a_failure_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Manifest:
        raise BackupFailed("no room")

    monkeypatch.setattr(nightly, "make_backup", fails)
    run = run_backup(by="system", now=lambda: at("02 02:00"))
    assert run is not None
    assert (run.state, run.why) == ("failed", "no room")
    assert Fact.objects.get(type="backup.failed").payload == {"why": "no room"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(*versions: int) -> None:
        monkeypatch.setattr(programs, "at_hand", lambda: (Programs(Path(f"/pg{v}"), v) for v in versions))

    return install


def test_the_oldest_program_that_is_not_older_than_the_server_is_used(installed: Callable[..., None]) -> None:
    installed(18, 15, 16)
    assert programs_for(150_004).version == 15
    assert programs_for(170_001).version == 18


def test_where_none_fits_the_message_says_what_to_install(installed: Callable[..., None]) -> None:
    installed(15, 16)
    with pytest.raises(NoProgram, match=r"PostgreSQL 19, .*the newest here is 16 .*postgresql-client-19.*ZHIKE_PG_BIN"):
        programs_for(190_000)
    installed()
    with pytest.raises(NoProgram, match="there is none here"):
        programs_for(180_000)


def test_a_password_stands_in_no_argument() -> None:
    address, environ = reached_by("postgresql://ann:s3cret@db:5433/desk?sslmode=require")
    assert "s3cret" not in address
    assert environ["PGPASSWORD"] == "s3cret"
    assert "sslmode=require" in address


# the page


def page(world: World, who: str) -> Client:
    return world.signed_in(who)


def test_the_page_shows_the_last_good_one_and_is_the_administrators(world: World) -> None:
    ran("01 02:00", name="zhike-1.backup")
    boss = page(world, "boss")
    shown = boss.get("/administration/backups").content.decode()
    assert "zhike-1.backup" in shown
    assert "36小时" in shown or "最近一次成功" in shown
    for who in ("agent", "supervisor", "manager1"):
        other = page(world, who)
        assert other.get("/administration/backups").status_code == 403
        assert other.post("/administration/backups/now").status_code == 403
        assert other.post("/administration/backups/plan", {"hour": "3", "keep_days": "3"}).status_code == 403
    assert not ProcrastinateJob.objects.filter(task_name="web.backup").exists()
    assert BackupPlan.objects.get().hour == 2


def test_a_plan_is_kept_and_nonsense_comes_back_with_words(world: World) -> None:
    boss = page(world, "boss")
    assert boss.post("/administration/backups/plan", {"is_on": "on", "hour": "4", "keep_days": "30"}).status_code == 302
    kept = BackupPlan.objects.get()
    assert (kept.is_on, kept.hour, kept.keep_days) == (True, 4, 30)
    for wrong in (
        {"hour": "24", "keep_days": "1"},
        {"hour": "1", "keep_days": "0"},
        {"hour": "x", "keep_days": "99999"},
    ):
        answer = boss.post("/administration/backups/plan", wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert f'value="{wrong["keep_days"]}"' in answer.content.decode()
    assert BackupPlan.objects.get().hour == 4


def test_a_backup_asked_for_twice_waits_once(world: World) -> None:
    boss = page(world, "boss")
    for _ in range(2):
        assert boss.post("/administration/backups/now").status_code == 302
    assert ProcrastinateJob.objects.filter(task_name="web.backup", status="todo").count() == 1
