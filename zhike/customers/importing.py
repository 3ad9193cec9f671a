"""Customers from a file: received, mapped, staged, applied.

    run = receive_import(stream, "客户.xlsx", by=..., now=...)     the file is kept, its head is read, columns are guessed
    preview(run)                                                  the first lines as they would be taken
    start_import(run, {"0": "name", "1": "phone"}, now=...)
    work(run.pk, now=clock.now)                                   stages and applies until done, paused or killed

Each chunk moves its rows and the run's cursor in one transaction: killed anywhere, the next `work` goes on where the last
commit left off, nothing half and nothing twice. What a line says of a known customer (same phone, address or identity
number) only fills what is empty.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from zhike.customers.events import ImportFinished, ImportStarted
from zhike.customers.lines import Chunk, Line, fields_at, guess
from zhike.customers.models import ImportFault, ImportMapping, ImportRow, ImportRun
from zhike.customers.profile import clean_tags
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.lib.names import clean_file_name
from zhike.lib.tables import Table, TableRefused, open_table

STAGE_CHUNK = 5000
APPLY_CHUNK = 2000
ATTEMPTS = 6
"""A chunk that met somebody adding the same customer at that moment is done again."""
LARGEST = 512 * 1024 * 1024
PREVIEW = 10
Clock = Callable[[], dt.datetime]
Progress = Callable[[ImportRun], None]


class BadMapping(ValueError):
    """No column is a phone number, an address or an identity number: nobody could be recognised."""

    zh = "请至少指定一列电话、邮箱或证件号码，用来认出是哪位客户。"
    en = "Choose a column with phone numbers, e-mail addresses or identity numbers, by which customers are recognised."


def receive_import(source: IO[bytes], name: str, *, by: str, now: dt.datetime, is_sample: bool = False) -> ImportRun:
    """Keep the file and read its head. The same file of an unfinished import is that import. Raises TableRefused."""
    folder = Path(settings.ZHIKE_HOME) / "imports"
    folder.mkdir(mode=0o700, exist_ok=True)
    incoming = folder / f"incoming-{os.getpid()}-{os.urandom(6).hex()}"
    try:
        digest = _keep(source, incoming)
        known = ImportRun.objects.filter(digest=digest).exclude(state__in=["done", "failed"]).order_by("-pk").first()
        if known is not None and file_of(known).exists():
            return known
        table = open_table(incoming)
        with transaction.atomic():
            run = ImportRun.objects.create(
                file_name=clean_file_name(name)[:200], digest=digest, by=by, at=now, head=table.head,
                columns=remembered(table.head, now), is_sample=is_sample,
            )  # fmt: skip
            incoming.replace(file_of(run))
    finally:
        incoming.unlink(missing_ok=True)
    return run


def _keep(source: IO[bytes], place: Path) -> str:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        while chunk := source.read(1 << 20):
            size += len(chunk)
            if size > LARGEST:
                raise TableRefused("文件太大，最多512 MB。请拆成几个文件。", "Too large; 512 MB at most. Split it.")
            digest.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def file_of(run: ImportRun) -> Path:
    return Path(settings.ZHIKE_HOME) / "imports" / f"{run.pk}.table"


def head_key(head: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps(list(head), ensure_ascii=False).encode()).hexdigest()


def remembered(head: list[str], now: dt.datetime) -> dict[str, str]:
    """The mapping of the last file with this head, else a guess by the names of the columns."""
    known = ImportMapping.objects.filter(head=head_key(head)).first()
    return known.columns if known else guess(head, fields_at(now))


def preview(run: ImportRun, *, now: dt.datetime) -> list[Line]:
    """The first lines with all that is wrong with them, held against the archive as the import itself would. Writes nothing."""
    table = open_table(file_of(run))
    with transaction.atomic():
        return Chunk(run, now).look(list(islice(table.rows(), PREVIEW)))


def start_import(run: ImportRun, columns: Mapping[str, str], *, tags: Iterable[str] = (), now: dt.datetime) -> None:
    """Fix the mapping, remember it for the next file like this, and let the work begin. Raises BadMapping."""
    fields = fields_at(now)
    chosen = {n: f for n, f in columns.items() if f in fields and n.isdigit() and int(n) < len(run.head)}
    if not set(chosen.values()) & {f for f, field in fields.items() if field.recognises}:
        raise BadMapping
    with transaction.atomic():
        begun = ImportRun.objects.filter(pk=run.pk, state="waiting").update(
            state="running", columns=chosen, tags=clean_tags(tags)
        )
        if begun:
            ImportMapping.objects.update_or_create(head=head_key(run.head), defaults={"columns": chosen, "at": now})
            _tell(run, ImportStarted(file_name=run.file_name), now)


def pause_import(run: ImportRun) -> bool:
    """Stop after the chunk at hand; True when it was running."""
    return bool(ImportRun.objects.filter(pk=run.pk, state="running").update(state="paused"))


def resume_import(run: ImportRun) -> bool:
    """Go on; True when it was paused."""
    return bool(ImportRun.objects.filter(pk=run.pk, state="paused").update(state="running"))


def work(run_id: int, *, now: Clock, progress: Progress | None = None) -> ImportRun:
    """Stage and apply until the run is done, paused or failed. May be called again at any time, from anywhere."""
    run = ImportRun.objects.get(pk=run_id)
    try:
        if not run.is_staged:
            _stage(run, progress)
        while _again(run_id, now):
            if progress:
                progress(ImportRun.objects.get(pk=run_id))
    except (TableRefused, FileNotFoundError) as error:
        why = error.zh if isinstance(error, TableRefused) else "文件不见了，请重新上传。"
        ImportRun.objects.filter(pk=run_id).update(state="failed", why=why[:300], finished_at=now())
    run.refresh_from_db()
    if run.state in ("done", "failed"):
        file_of(run).unlink(missing_ok=True)
    return run


def _stage(run: ImportRun, progress: Progress | None) -> None:
    """Copy the file's lines into the staging table, a chunk and the cursor at a time."""
    table: Table = open_table(file_of(run))
    rows = table.rows(after=run.staged)
    while True:
        chunk = list(islice(rows, STAGE_CHUNK))
        with transaction.atomic():
            held = ImportRun.objects.select_for_update().get(pk=run.pk)
            if held.state != "running" or held.is_staged:
                return
            fresh = [(line, cells) for line, cells in chunk if line > held.staged]
            _copy(run.pk, fresh)
            held.staged = max(held.staged, chunk[-1][0] if chunk else 0)
            held.is_staged = not chunk
            held.save(update_fields=["staged", "is_staged"])
        if progress:
            progress(held)
        if not chunk:
            return


def _copy(run_id: int, rows: list[tuple[int, list[str]]]) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy("COPY customers_importrow (run_id, line, cells) FROM STDIN") as copy,
    ):
        for line, cells in rows:
            copy.write_row((run_id, line, cells))


def _again(run_id: int, now: Clock) -> bool:
    """Apply one chunk; False when there is nothing more to do for now."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _apply_chunk(run_id, now())
        except (IntegrityError, OperationalError):
            if attempt == ATTEMPTS or not connection.is_usable():
                raise
    raise DatabaseError  # not reached


def _apply_chunk(run_id: int, now: dt.datetime) -> bool:
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state != "running" or not run.is_staged:
            return False
        waiting = ImportRow.objects.filter(run=run, line__gt=run.applied).order_by("line")
        rows = list(waiting.values_list("line", "cells")[:APPLY_CHUNK])
        if not rows:
            return _finish(run, now)
        chunk = Chunk(run, now)
        chunk.apply(rows)
        ImportRow.objects.filter(run=run, line__lte=rows[-1][0]).delete()
        run.applied = rows[-1][0]
        run.added += chunk.added
        run.filled += chunk.filled
        run.unchanged += chunk.unchanged
        run.refused += chunk.refused
        run.save(update_fields=["applied", "added", "filled", "unchanged", "refused"])
    return True


def _finish(run: ImportRun, now: dt.datetime) -> bool:
    ImportRun.objects.filter(pk=run.pk).update(state="done", finished_at=now)
    _tell(run, ImportFinished(run.added, run.filled, run.unchanged, run.refused), now)
    return False


def _tell(run: ImportRun, event: Event, now: dt.datetime) -> None:
    record([NewFact(event, at=now, subject=("import", run.pk), actor=run.by)])


def copy_faults(run: ImportRun, target: IO[str]) -> int:
    """The lines that were not taken, as CSV with what to do about each; identity numbers stay masked. How many."""
    import csv

    from zhike.lib.tables import safe_cell

    writer = csv.writer(target)
    writer.writerow(["行号", "原因", *(safe_cell(name) for name in run.head)])
    count = 0
    for fault in ImportFault.objects.filter(run=run).order_by("line").iterator():
        writer.writerow([fault.line, fault.words_zh, *(safe_cell(cell) for cell in fault.cells)])
        count += 1
    return count
