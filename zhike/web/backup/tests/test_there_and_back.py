"""What was backed up comes back as it was, whatever goes on meanwhile; what fails half-way leaves the old state."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from zhike.channels.email import raw
from zhike.channels.email.tests.ground import answered, came, mail, mailbox_of, opened_by, sent
from zhike.conversations.tests.ground import installed, person
from zhike.customers.actions import find_or_add_customer
from zhike.customers.models import Customer
from zhike.web.backup import restoring, swapping
from zhike.web.backup.checking import check_file
from zhike.web.backup.contents import contents_of
from zhike.web.backup.making import BackupFailed, make_backup
from zhike.web.backup.parts import NotABackup
from zhike.web.backup.restoring import RestoreRefused, restore, try_out
from zhike.web.backup.swapping import CannotSwap, carry_out, noted
from zhike.web.backup.tests.conftest import BACK, WORDS, Place, digest_of_words, file_of_words
from zhike.web.tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def databases(place: Place) -> list[str]:
    """Those of this test, by what their names end with."""
    with swapping.maintenance(place.target.url) as keeper:
        rows = keeper.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [BACK]).fetchall()
    return sorted(name.removeprefix(BACK).partition("_before_")[0] or "." for (name,) in rows)


@pytest.mark.whole
def test_everything_comes_back_with_its_counts_its_hashes_its_files_and_its_chain(place: Place) -> None:
    manifest = make_backup(place.source, place.file)
    done = restore(place.file, place.target)
    assert place.rows("SELECT count(*) FROM cases_case") == [(4,)]
    assert place.rows("SELECT name FROM customers_customer WHERE name = '示例王'") == [("示例王",)]
    with psycopg.connect(place.target.url) as look:
        assert contents_of(look) == manifest.tables
    digest = digest_of_words()
    assert (place.target.home / "files" / digest[:2] / digest).read_bytes() == WORDS
    assert (place.target.home / "handbooks" / "retail-hotline" / "handbook.yaml").exists()
    assert (done.kept_database, databases(place)) == ("", ["."])
    assert sorted(path.name for path in place.target.home.iterdir()) == ["files", "handbooks"]
    assert place.file.stat().st_mode & 0o077 == 0


def test_a_backup_is_of_one_moment_while_people_go_on_working(place: Place, filled: World) -> None:
    known = Customer.objects.count()
    connection.close()
    steps: list[str] = []

    def go_on(step: str, done: int, total: int) -> None:
        if step not in steps:
            steps.append(step)
            find_or_add_customer(phone=f"1370000{len(steps):04}", name="示例后来", now=filled.now)
            connection.close()

    make_backup(place.source, place.file, progress=go_on)
    assert steps == ["database", "tables", "files"]
    assert Customer.objects.count() == known + 3
    connection.close()
    restore(place.file, place.target)
    assert place.rows("SELECT count(*) FROM customers_customer") == [(known,)]


def test_mails_come_back_byte_for_byte_as_they_came_and_as_they_went(place: Place) -> None:
    installed()
    came_in = mail(headers="X-Odd: \xff\r\n continued")
    mailbox = mailbox_of()
    conversation = opened_by(mailbox, came_in)
    held = came(mailbox, mail(identifier="s@example.com", headers="X-Spam-Flag: YES")).row
    went = sent(answered(conversation, person("jia")))
    connection.close()
    assert make_backup(place.source, place.file).gone == []
    restore(place.file, place.target)

    def kept(query: str) -> list[bytes]:
        files = place.target.home / "files"
        return [zlib.decompress((files / str(name)[:2] / str(name)).read_bytes()) for (name,) in place.rows(query)]

    assert kept("SELECT raw_digest FROM mail_mail ORDER BY id") == [came_in, raw.kept(held.raw_digest)]
    assert kept("SELECT raw_digest FROM mail_outgoing") == [went]


def test_keys_stay_out_unless_they_are_asked_for(place: Place) -> None:
    manifest = make_backup(place.source, place.file)
    assert not [part.name for part in manifest.parts if "key" in part.name]
    assert len(manifest.keys_needed) == 1
    fuller = place.file.with_name("with-keys.backup")
    make_backup(place.source, fuller, with_keys=True)
    restore(fuller, place.target)
    keys = (place.target.home / "keys" / "fields").read_text().splitlines()
    assert manifest.keys_needed[0] in [key.partition(":")[0] for key in keys]
    assert (place.target.home / "keys" / "fields").stat().st_mode & 0o077 == 0


def test_a_file_that_is_gone_or_was_changed_is_named(place: Place) -> None:
    kept = file_of_words()
    try:
        kept.write_bytes(b"changed")
        assert make_backup(place.source, place.file).gone == [f"files/{kept.parent.name}/{kept.name}"]
        kept.unlink()
        again = make_backup(place.source, place.file.with_name("2.backup"))
        assert again.gone == [f"files/{kept.parent.name}/{kept.name}"]
    finally:
        kept.unlink(missing_ok=True)


def test_a_backup_never_takes_the_place_of_another_file(place: Place) -> None:
    place.file.write_text("mine")
    with pytest.raises(BackupFailed, match="is there already"):
        make_backup(place.source, place.file)
    assert place.file.read_text() == "mine"


def test_a_backup_that_fails_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZHIKE_PG_BIN", str(programs(tmp_path, dump="echo half; echo no room >&2; exit 1")))
    with pytest.raises(BackupFailed, match="no room"):
        make_backup(place.source, place.file)
    assert [path for path in tmp_path.iterdir() if "backup" in path.name] == []


def programs(folder: Path, *, dump: str = "exit 1", restore: str = "exit 1") -> Path:
    """A folder with programs that do as said."""
    place = folder / "programs"
    place.mkdir(exist_ok=True)
    for name, words in (("pg_dump", dump), ("pg_restore", restore)):
        (place / name).write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo "{name} (PostgreSQL) 99.1" && exit 0\n{words}\n'
        )
        (place / name).chmod(0o755)
    return place


def test_an_installation_with_data_is_not_touched_without_being_told_to(place: Place) -> None:
    make_backup(place.source, place.file)
    restore(place.file, place.target)
    with psycopg.connect(place.target.url) as target:
        target.execute("UPDATE org_staff SET name = '示例旧'")
    (place.target.home / "files" / "old").write_text("old")
    with pytest.raises(RestoreRefused, match="holds data already"):
        restore(place.file, place.target)
    assert databases(place) == ["."]
    assert place.rows("SELECT DISTINCT name FROM org_staff") == [("示例旧",)]

    done = restore(place.file, place.target, replace=True)
    assert place.rows("SELECT count(*) FROM org_staff WHERE name = '示例旧'") == [(0,)]
    assert databases(place) == [".", "."]
    assert not (place.target.home / "files" / "old").exists()
    assert done.swap is not None
    assert (place.target.home / f"files.{done.swap.mark}" / "old").read_text() == "old"


def test_nothing_is_restored_under_the_feet_of_a_running_product(place: Place) -> None:
    make_backup(place.source, place.file)
    restore(place.file, place.target)
    with (
        psycopg.connect(place.target.url, application_name="zhike web"),
        pytest.raises(RestoreRefused, match=r"zhike web \(1\)"),
    ):
        restore(place.file, place.target, replace=True)


@pytest.mark.parametrize("part", ["database.dump", "manifest.json", "files/", "settings.json"])
def test_a_byte_that_was_changed_is_found_wherever_it_is(place: Place, part: str) -> None:
    make_backup(place.source, place.file)
    with tarfile.open(place.file) as tar:
        member = next(member for member in tar.getmembers() if member.name.startswith(part))
    with place.file.open("r+b") as file:
        file.seek(member.offset_data + member.size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    try:
        wrong = check_file(place.file)[1]
    except NotABackup as error:
        wrong = [str(error)]
    assert len(wrong) == 1
    assert part in wrong[0] or "manifest" in wrong[0]
    with pytest.raises((RestoreRefused, NotABackup)):
        restore(place.file, place.target)
    assert databases(place) == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.9999])
def test_a_file_that_was_cut_off_is_no_backup(place: Place, share: float) -> None:
    make_backup(place.source, place.file)
    with place.file.open("r+b") as file:
        file.truncate(int(place.file.stat().st_size * share) // 512 * 512 - (1024 if share > 0.99 else 0))
    with pytest.raises(NotABackup):
        check_file(place.file)


def test_a_part_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    for name in ("../outside", "/etc/outside", "files/../../outside", "manifest.json"):
        with pytest.raises(RestoreRefused, match="leads elsewhere"):
            restoring.inside(tmp_path, name)


def test_a_restore_that_fails_leaves_the_old_state(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_backup(place.source, place.file)
    restore(place.file, place.target)
    before = sorted(path.name for path in place.target.home.iterdir())
    monkeypatch.setenv("ZHIKE_PG_BIN", str(programs(tmp_path, restore="echo disk full >&2; exit 1")))
    with pytest.raises(RestoreRefused, match="disk full"):
        restore(place.file, place.target, replace=True)
    assert databases(place) == ["."]
    assert sorted(path.name for path in place.target.home.iterdir()) == before
    monkeypatch.delenv("ZHIKE_PG_BIN")
    assert try_out(place.file, place.target).rows > 0
    assert databases(place) == ["."]


def test_a_dump_that_lost_a_row_is_not_swapped_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    make_backup(place.source, place.file)
    whole = restoring._load

    def lossy(dump: Path, url: str, *more: object) -> None:
        whole(dump, url, *more)  # type: ignore[arg-type]
        with psycopg.connect(url) as fresh:
            fresh.execute("DELETE FROM customers_identifier")

    monkeypatch.setattr(restoring, "_load", lossy)
    with pytest.raises(RestoreRefused, match="customers_identifier has 0 rows and had 1"):
        restore(place.file, place.target)
    assert databases(place) == []


@pytest.mark.whole
def test_a_broken_chain_is_not_swapped_in(place: Place) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_fact DISABLE TRIGGER USER")
        cursor.execute("UPDATE journal_fact SET actor = 'staff:999' WHERE id = (SELECT min(id) FROM journal_fact)")
        cursor.execute("ALTER TABLE journal_fact ENABLE TRIGGER USER")
    connection.close()
    make_backup(place.source, place.file)
    with pytest.raises(RestoreRefused, match=r"chain does not hold.*A sealed fact was changed"):
        restore(place.file, place.target)
    assert databases(place) == []


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_a_swap_that_was_cut_off_goes_on_where_it_stood(
    place: Place, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    make_backup(place.source, place.file)
    restore(place.file, place.target)
    (place.target.home / "files" / "old").write_text("old")
    whole, left = swapping.move, [moved]

    def cut_off(*places: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        whole(*places)  # type: ignore[arg-type]

    monkeypatch.setattr(swapping, "move", cut_off)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a killed process removes nothing
    with pytest.raises(KeyboardInterrupt):
        restore(place.file, place.target, replace=True)
    monkeypatch.undo()
    swap = noted(place.target.home)
    assert swap is not None
    for _ in range(2):  # once more does no harm
        carry_out(place.target.home, place.target.url, swap)
    assert noted(place.target.home) is None
    assert databases(place) == [".", "."]
    digest = digest_of_words()
    assert (place.target.home / "files" / digest[:2] / digest).read_bytes() == WORDS
    assert not (place.target.home / "files" / "old").exists()


def test_who_connects_at_the_last_moment_stops_the_swap_and_nothing_has_changed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backup(place.source, place.file)
    restore(place.file, place.target)
    monkeypatch.setattr(restoring, "refuse_company", lambda *_: None)
    with psycopg.connect(place.target.url), pytest.raises(CannotSwap, match="being accessed by other users"):
        restore(place.file, place.target, replace=True)
    assert (databases(place), noted(place.target.home)) == (["."], None)


def test_a_backup_of_a_sandbox_is_not_restored_into_a_department(place: Place) -> None:
    source = type(place.source)(place.source.url, place.source.home, sandbox=True)
    make_backup(source, place.file)
    with pytest.raises(RestoreRefused, match="is of a sandbox"):
        restore(place.file, place.target)


def test_a_backup_of_a_later_version_is_refused(place: Place) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('cases', '9999_later', now())")
    connection.close()
    try:
        make_backup(place.source, place.file)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '9999_later'")
        connection.close()
    with pytest.raises(RestoreRefused, match="cases 9999_later"):
        restore(place.file, place.target)


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE org_staff SET name = name || '。' WHERE id = (SELECT min(id) FROM org_staff)", "org_staff"),
        ("DELETE FROM customers_contactpoint", "customers_contactpoint"),
        ("UPDATE records_attachment SET internal = NOT internal", "records_attachment"),
    ],
)
def test_the_hash_of_a_table_changes_with_any_value(place: Place, change: str, table: str) -> None:
    with psycopg.connect(place.source.url) as look:
        before = contents_of(look)
        look.execute(change)  # type: ignore[arg-type]
        after = contents_of(look)
        look.rollback()
        assert contents_of(look) == before
    assert [name for name in before if before[name] != after[name]] == [table]
