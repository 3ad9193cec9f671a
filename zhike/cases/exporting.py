"""Cases taken out to a file: what the viewer's list shows, with the masks of lists, under a mark that says who, when and what.

A request is put, agreed to where a clause asks for consent, written by the worker, fetched by whoever asked for it and by nobody else,
and gone after a day. Each step is a fact.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from zhike.cases.access import visible_cases
from zhike.cases.consents import Consent, Spoken, open_links, role_to_agree, spoken
from zhike.cases.events import ExportAsked, ExportDecided, ExportFetched, ExportRefusedByClause, ExportWritten
from zhike.cases.facts import with_moment
from zhike.cases.listing import Asked, read_asked
from zhike.cases.models import CaseExport
from zhike.cases.queries import count_upto, filtered
from zhike.cases.refusals import CaseError, Reason
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.parameters import length_asked
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.ledger import Use, write_uses
from zhike.lib.text import clean_line
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import Viewer, role_key, staff_key

State = CaseExport.State
SCREEN = "cases"
FORMATS = ("xlsx", "csv")
KEPT = dt.timedelta(hours=24)
"""How long a file waits to be fetched."""
WAITS = dt.timedelta(days=7)
"""How long a request waits for consent; a handbook's parameter `export_wait` says otherwise. Of several handbooks the shortest counts."""
MOST_COUNTED = 100_000
"""How far rows are counted before a request; `export.rows` is no larger than one more."""
MOST_OPEN = 5
"""Requests of one person that are not done yet."""

NOT_YOURS = Text(zh="您不能导出工单。", en="You may not export cases.")
NO_FORMAT = Text(zh="请选择Excel或CSV。", en="Choose Excel or CSV.")
NOTHING = Text(zh="没有符合条件的工单，没有可导出的。", en="No case fits; there is nothing to export.")
TOO_MANY = Text(zh="您还有没完成的导出，请等它们完成。", en="You have exports under way; wait until they are done.")
NOT_YOUR_TURN = Text(
    zh="这次导出不由您同意，或您已经表过态。", en="It is not yours to agree to, or you have decided already."
)
ASKED = Text(zh="{name}申请导出工单，要您同意。", en="{name} asks to export cases and needs your consent.")
AGREED = Text(zh="您申请的工单导出已获同意，正在生成。", en="Your export of cases was agreed to and is being written.")
DENIED = Text(zh="您申请的工单导出没有获得同意。", en="Your export of cases was not agreed to.")
TOO_LATE = Text(zh="限期内没有等到同意，请重新申请。", en="Nobody agreed in time. Ask again.")


class ExportRefused(CaseError):
    """It cannot be exported; each reason with its clause where one says so."""


def may_export(viewer: Viewer) -> bool:
    """Staff of the house to whom the list is open: partners take nothing out."""
    return viewer.staff is not None and SCREEN in viewer.screens and not viewer.is_external


def folder() -> Path:
    made = Path(settings.ZHIKE_HOME) / "exports"
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def file_of(export: CaseExport) -> Path:
    return folder() / f"{export.mark}.{export.format}"


def ask_export(
    asked: Asked, *, by: Viewer, now: dt.datetime, format_: str, purpose: str = "", language: str = "zh-hans"
) -> CaseExport:
    """Ask to take out what the list gives for this question. It is queued, or waits for the consent a clause asks.

    Raises ExportRefused; a refusal by a clause is written to journal and ledger.
    """
    purpose = clean_line(purpose[:400])[:200]
    if not may_export(by) or by.staff is None:
        raise ExportRefused([Reason(NOT_YOURS)])
    if format_ not in FORMATS:
        raise ExportRefused([Reason(NO_FORMAT, fields=("format",))])
    rows = count_upto(filtered(by, asked.wanted()), MOST_COUNTED)
    if rows == 0:
        raise ExportRefused([Reason(NOTHING)])
    counted = MOST_COUNTED + 1 if rows is None else rows
    said = all_spoken(asked, by, now, {"export.rows": counted, "export.format": format_}, purpose)
    if any(one.reasons for _, one in said):
        _write_refusal(asked, by, now, said)
        raise ExportRefused([reason for _, one in said for reason in one.reasons])
    consents = [consent for _, one in said for consent in one.consents]
    waits = [length_asked(book, "export_wait", WAITS) for book, one in said if one.consents]
    with transaction.atomic():
        unfinished = CaseExport.objects.filter(staff=by.staff, state__in=[State.WAITING, State.QUEUED, State.RUNNING])
        if len(unfinished.select_for_update()) >= MOST_OPEN:
            raise ExportRefused([Reason(TOO_MANY)])
        export = CaseExport.objects.create(
            staff=by.staff, at=now, asked=asked.kept(), format=format_, language=language, purpose=purpose,
            state=State.WAITING if consents else State.QUEUED, mark=secrets.token_hex(6), total=counted,
            clauses=[clause for _, one in said for clause in one.clauses], consents=[c.kept() for c in consents],
            waits_until=now + min(waits, default=WAITS) if consents else None,
        )  # fmt: skip
        event = ExportAsked(export.asked, format_, purpose, counted, export.mark)
        _tell(export, event, by.principal, now)
        write_uses([_use(export, book, clause, "applied", by, now) for book, one in said for clause in one.clauses])
        _ask_next(export, now) if consents else _queue(export)
    return export


def all_spoken(
    asked: Asked, by: Viewer, now: dt.datetime, facts: dict[str, Any], purpose: str, approvals: Sequence[Any] = ()
) -> list[tuple[Book, Spoken]]:
    """What each handbook concerned says: the one asked for, else every one in force of which the viewer may see something."""
    found = []
    for version in in_force(now):
        book = book_of(version.pk)
        if asked.process and asked.handbook != book.name:
            continue
        if not asked.process and not _concerns(book, by):
            continue
        processes = [asked.process_id] if asked.process else [process.id for process in book.handbook.processes]
        known = with_moment(facts | {"export.process": asked.process_id or None}, book, by, now)
        found.append((book, spoken(book, processes, known, purpose, approvals)))
    return found


def _concerns(book: Book, viewer: Viewer) -> bool:
    held = any(handbook == book.name for handbook, _, _ in viewer.roles)
    return held or visible_cases(viewer).filter(handbook=book.name).exists()


def decide_export(export_id: int, *, agree: bool, words: str = "", by: Viewer, now: dt.datetime) -> CaseExport:
    """Agree or refuse, in the role whose turn it is; never one's own request, and once. Raises ExportRefused."""
    with transaction.atomic():
        export = CaseExport.objects.select_for_update(of=("self",)).select_related("staff").get(pk=export_id)
        role = role_for(export, by, now)
        if role is None:
            raise ExportRefused([Reason(NOT_YOUR_TURN)])
        handbook, name = role
        decision = "approved" if agree else "rejected"
        words = clean_line(words[:400])[:200]
        given = {"handbook": handbook, "role": name, "by": by.principal, "at": now.isoformat(), "decision": decision}
        export.approvals = [*export.approvals, {**given, "words": words}]
        if not agree:
            export.state, export.why = State.REJECTED, {"zh": words or DENIED.zh, "en": words or DENIED.say("en")}
        export.save(update_fields=["approvals", "state", "why"])
        _tell(export, ExportDecided(decision, name, words), by.principal, now)
        if not agree:
            _inform(export, [staff_key(export.staff_id)], DENIED, now)
        elif still_open(export):
            _ask_next(export, now)
        else:
            _queue(export)
            _inform(export, [staff_key(export.staff_id)], AGREED, now)
    return export


def role_for(export: CaseExport, viewer: Viewer, now: dt.datetime) -> tuple[str, str] | None:
    """(handbook, role) in which the viewer may decide about this request now."""
    if export.state != State.WAITING or viewer.staff is None or viewer.staff.pk == export.staff_id:
        return None
    in_time = export.waits_until is not None and now <= export.waits_until
    return role_to_agree(viewer, still_open(export), export.approvals) if in_time else None


def still_open(export: CaseExport) -> list[Consent]:
    chains = [Consent.read(kept) for kept in export.consents]
    return [chain for chain in chains if open_links(chain, export.approvals)]


def exports_of(viewer: Viewer, limit: int = 20) -> list[CaseExport]:
    """The viewer's own, the latest first."""
    return list(CaseExport.objects.filter(staff=viewer.staff).order_by("-id")[:limit]) if viewer.staff else []


def awaiting(viewer: Viewer, now: dt.datetime) -> list[CaseExport]:
    """Requests of others that wait for this viewer's consent, the latest first."""
    if viewer.staff is None:
        return []
    waiting = CaseExport.objects.filter(state=State.WAITING, waits_until__gte=now).select_related("staff")
    return [export for export in waiting.order_by("-id")[:200] if role_for(export, viewer, now)]


def fetch(export_id: int, *, by: Viewer, now: dt.datetime) -> CaseExport:
    """The file, for whoever asked for it, as long as it is there and he still holds every right it was read with.

    Raises ExportRefused for anybody and anything else.
    """
    export = CaseExport.objects.filter(pk=export_id, staff=by.staff, state=State.READY).first() if by.staff else None
    if export is None or export.expires_at is None or not may_export(by):
        raise ExportRefused([Reason(NOT_YOURS)])
    if now >= export.expires_at or not set(export.keys) <= by.keys or not file_of(export).exists():
        forget([export])
        raise ExportRefused([Reason(NOT_YOURS)])
    with transaction.atomic():
        _tell(export, ExportFetched(export.mark), by.principal, now)
    return export


def forget(exports: Iterable[CaseExport]) -> None:
    """Take the files away."""
    for export in exports:
        file_of(export).unlink(missing_ok=True)
        CaseExport.objects.filter(pk=export.pk).update(state=State.GONE)


def forget_expired(now: dt.datetime) -> None:
    """Files whose time is over go; requests nobody agreed to in time are over."""
    forget(CaseExport.objects.filter(state=State.READY, expires_at__lte=now)[:100])
    late = CaseExport.objects.filter(state=State.WAITING, waits_until__lt=now)
    late.update(state=State.REJECTED, why={"zh": TOO_LATE.zh, "en": TOO_LATE.say("en")})


def asked_of(export: CaseExport, now: dt.datetime) -> Asked:
    books = [book_of(version.pk) for version in in_force(now)]
    return read_asked(export.asked, export.asked.get("columns", ()), books)


def _queue(export: CaseExport) -> None:
    from zhike.cases.tasks import write_export
    from zhike.journal.outbox import defer

    export.state = State.QUEUED
    export.save(update_fields=["state"])
    defer(write_export, lock=f"export:{export.pk}", export_id=export.pk)


def _ask_next(export: CaseExport, now: dt.datetime) -> None:
    """Tell those whose turn it is now."""
    name = export.staff.name
    words = Text(zh=ASKED.zh.format(name=name), en=ASKED.say("en").format(name=name))
    for consent in still_open(export):
        roles = [role for link in open_links(consent, export.approvals) for role in link]
        to = [role_key(consent.handbook, role) for role in roles]
        tell([Tell(now, to, "told", consent.clause, consent.handbook, ("export", export.pk), words)])


def _inform(export: CaseExport, to: Sequence[str], words: Text, now: dt.datetime) -> None:
    tell([Tell(now, to, "told", "", "", ("export", export.pk), words)])


def _tell(export: CaseExport, event: Event, actor: str, now: dt.datetime) -> None:
    audience = (staff_key(export.staff_id),)
    fact = NewFact(event, now, ("export", export.pk), actor, clauses=tuple(export.clauses), audience=audience)
    record([fact])


def _use(export: CaseExport, book: Book, clause: str, outcome: str, by: Viewer, now: dt.datetime) -> Use:
    version = next(v.pk for v in in_force(now) if v.name == book.name)
    detail = {"asked": export.asked, "mark": export.mark}
    return Use(now, book.name, version, clause, outcome, ("export", export.pk or 0), holder=by.principal, detail=detail)


def _write_refusal(asked: Asked, by: Viewer, now: dt.datetime, said: Sequence[tuple[Book, Spoken]]) -> None:
    export = CaseExport(asked=asked.kept(), mark="")
    reasons = [(book, reason) for book, one in said for reason in one.reasons]
    words = [{"zh": reason.words.zh, "en": reason.words.say("en")} for _, reason in reasons]
    clauses = tuple(reason.clause for _, reason in reasons)
    with transaction.atomic():
        event = ExportRefusedByClause(asked=asked.kept(), words=words)
        record([NewFact(event, now, ("export", 0), by.principal, clauses=clauses, audience=(by.principal,))])
        write_uses([_use(export, book, reason.clause, "refused", by, now) for book, reason in reasons])


def tell_written(export: CaseExport, count: int, now: dt.datetime) -> None:
    _tell(export, ExportWritten(count, export.mark), staff_key(export.staff_id), now)
