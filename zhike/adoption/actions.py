"""A handbook's way into force. Each deed is one transaction under the handbook's own lock: the rows and the fact that tells of it.

Versions form one chain: a proposal follows the version it was compared with, and takes effect after every other one that is
already approved. So there is neither a gap nor an overlap, and no value of a manager is lost between two of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from zhike.adoption import words
from zhike.adoption.content import Content, files_of_version
from zhike.adoption.events import (
    HandbookApproved,
    HandbookCancelled,
    HandbookDeclined,
    HandbookDrafted,
    HandbookSubmitted,
    HandbookWithdrawn,
    ParameterProposed,
)
from zhike.adoption.models import Proposal
from zhike.adoption.reading import tell_to_read
from zhike.adoption.tasks import study_proposal
from zhike.handbook.common import Scalar, Text
from zhike.handbook.parameters import BadValue, carried, check_values, read_value
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.outbox import defer
from zhike.notices.actions import Tell, tell
from zhike.org.events import HandbookInstalled
from zhike.org.handbooks import book_of, content_of, digest_of
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import SYSTEM, staff_key

__all__ = [
    "ProposalRefused", "approve", "cancel", "decline", "draft_content", "install_by_hand", "newest", "propose_parameter",
    "restore", "study_again", "submit", "withdraw",
]  # fmt: skip

State = Proposal.State
LONGEST_REASON = 500


class ProposalRefused(ValueError):
    """A deed that cannot be done; `words` say why and what would do, `field` which input it is about."""

    def __init__(self, said: Text, field: str = "") -> None:
        super().__init__(said.en)
        self.words, self.field = said, field


def newest(name: str) -> HandbookVersion | None:
    """The last version of the chain, in force or still to come."""
    return HandbookVersion.objects.filter(name=name).defer("source", "text").order_by("-effective_from", "-id").first()


def draft_content(content: Content, *, by: Staff, now: dt.datetime) -> Proposal:
    """Keep checked content as a proposal that follows the last version of its name. Its impact is looked into at once."""
    book = content.book
    if book is None:
        raise ValueError("content with problems cannot be proposed")
    source, _ = content_of(book)
    with _chain(book.name):
        base = newest(book.name)
        kept, dropped = carried(book_of(base.pk), book.handbook) if base else ({}, [])
        digest = digest_of(source, book.text, kept)
        if base is not None and _content_digest(base) == digest:
            raise ProposalRefused(words.SAME_CONTENT)
        return _draft(
            Proposal(
                name=book.name, title=book.handbook.title.model_dump(), version=book.version, kind=Proposal.Kind.CONTENT,
                source=source, text=book.text, parameters=kept, dropped=dropped, files=content.files, digest=digest, base=base,
            ),
            by, now,
        )  # fmt: skip


def restore(version: HandbookVersion, *, by: Staff, now: dt.datetime) -> Proposal:
    """Propose that what was in force once comes into force again: text, clauses and values as they were then."""
    with _chain(version.name):
        base = newest(version.name)
        whole = HandbookVersion.objects.get(pk=version.pk)
        digest = _content_digest(whole)
        if base is None or _content_digest(base) == digest:
            raise ProposalRefused(words.SAME_CONTENT)
        return _draft(
            Proposal(
                name=whole.name, title=whole.source.get("title", {}), version=whole.version, kind=Proposal.Kind.RESTORE,
                source=whole.source, text=whole.text, parameters=whole.parameters, digest=digest, base=base, files=files_of_version(whole),
            ),
            by, now,
        )  # fmt: skip


def propose_parameter(
    name: str, parameter: str, typed: str, *, why: str, wanted_from: dt.datetime | None, by: Staff, now: dt.datetime
) -> Proposal:
    """Propose another value for one parameter, submitted at once: type, bounds and the whole book are checked first.

    Typing the handbook's own value takes a manager's back.
    """
    with _chain(name):
        base = newest(name)
        if base is None:
            raise ProposalRefused(words.NO_HANDBOOK)
        before = book_of(base.pk)
        definition = next((one for one in before.handbook.parameters if one.id == parameter), None)
        if definition is None:
            raise ProposalRefused(words.NO_PARAMETER)
        try:
            value = read_value(definition, typed)
        except BadValue as bad:
            raise ProposalRefused(bad.words, "value") from bad
        was = before.parameters.get(parameter)
        if value == was:
            raise ProposalRefused(words.SAME_VALUE, "value")
        whole = HandbookVersion.objects.get(pk=base.pk)
        values = _with_value(whole.parameters, parameter, value, definition.value)
        problems = check_values(before.handbook, before.text, values)
        if problems:
            raise ProposalRefused(words.breaks(problems[0]), "value")
        made = _draft(
            Proposal(
                name=name, title=whole.source.get("title", {}), version=whole.version, kind=Proposal.Kind.PARAMETERS,
                source=whole.source, text=whole.text, parameters=values, digest=digest_of(whole.source, whole.text, values),
                base=base, files=files_of_version(whole), touched={"parameter": parameter, "before": was, "after": value},
            ),
            by, now,
        )  # fmt: skip
        told = ParameterProposed(name, parameter, was, value, why.strip())
        _tell(made, told, by, now, clauses=(definition.clause,) if definition.clause else ())
        return submit(made.pk, why=why, wanted_from=wanted_from, by=by, now=now)


def _with_value(values: Mapping[str, Any], parameter: str, value: Scalar, default: Scalar) -> dict[str, Any]:
    others = {name: one for name, one in values.items() if name != parameter}
    return others if value == default else {**others, parameter: value}


def submit(number: int, *, why: str, wanted_from: dt.datetime | None, by: Staff, now: dt.datetime) -> Proposal:
    """Ask a second person to approve. `wanted_from` None: it takes effect with the approval."""
    with _locked(number, State.DRAFT) as proposal:
        _check_reason(why)
        _check_start(proposal, wanted_from, now)
        proposal.state, proposal.why, proposal.wanted_from = State.SUBMITTED, why.strip(), wanted_from
        proposal.save(update_fields=["state", "why", "wanted_from"])
        moment = wanted_from.isoformat() if wanted_from else ""
        _tell(proposal, HandbookSubmitted(proposal.name, proposal.version, moment, proposal.why), by, now)
        others = Staff.objects.filter(is_admin=True, is_active=True).exclude(pk=proposal.prepared_by_id)
        to = [staff_key(number) for number in others.values_list("pk", flat=True)]
        tell([Tell(now, to, "told", "", proposal.name, ("proposal", proposal.pk), words.please_decide(proposal, by))])
    return proposal


def approve(number: int, *, by: Staff, now: dt.datetime) -> HandbookVersion:
    """Let it come into force at its moment. Whoever prepared it cannot; those whose work it touches are told to read it."""
    with _locked(number, State.SUBMITTED) as proposal:
        if proposal.prepared_by_id == by.pk:
            raise ProposalRefused(words.NOT_ONES_OWN)
        _check_start(proposal, proposal.wanted_from, now)
        begins = proposal.wanted_from or now
        version = HandbookVersion.objects.create(
            name=proposal.name, version=proposal.version, effective_from=begins, source=proposal.source,
            text=proposal.text, parameters=proposal.parameters, digest=proposal.digest,
        )  # fmt: skip
        proposal.state, proposal.decided_by, proposal.decided_at = State.APPROVED, by, now
        proposal.installed = version
        proposal.save(update_fields=["state", "decided_by", "decided_at", "installed"])
        told = tell_to_read(proposal, version, now)
        event = HandbookApproved(proposal.name, proposal.version, version.pk, begins.isoformat(), told)
        _tell(proposal, event, by, now)
    return version


def decline(number: int, *, remark: str, by: Staff, now: dt.datetime) -> Proposal:
    """Say no, with the reason; whoever prepared it is told."""
    with _locked(number, State.SUBMITTED) as proposal:
        if proposal.prepared_by_id == by.pk:
            raise ProposalRefused(words.NOT_ONES_OWN)
        _check_reason(remark)
        _decided(proposal, State.DECLINED, by, now, remark)
        _tell(proposal, HandbookDeclined(proposal.name, proposal.version, proposal.remark), by, now)
        said = words.declined(proposal, by)
        to = [staff_key(proposal.prepared_by_id)]
        tell([Tell(now, to, "told", "", proposal.name, ("proposal", proposal.pk), said)])
    return proposal


def withdraw(number: int, *, by: Staff, now: dt.datetime) -> Proposal:
    """Take a proposal back before anybody decided; only whoever prepared it."""
    with _locked(number, *Proposal.OPEN) as proposal:
        if proposal.prepared_by_id != by.pk:
            raise ProposalRefused(words.ONLY_ONES_OWN)
        proposal.state = State.WITHDRAWN
        proposal.save(update_fields=["state"])
        _tell(proposal, HandbookWithdrawn(proposal.name, proposal.version), by, now)
    return proposal


def cancel(number: int, *, remark: str, by: Staff, now: dt.datetime) -> Proposal:
    """Call off a version that was approved and has not begun; what is in force stays so. No later version may follow it yet."""
    with _locked(number, State.APPROVED) as proposal:
        version = proposal.installed
        if version is None or version.effective_from <= now:
            raise ProposalRefused(words.HAS_BEGUN)
        last = newest(proposal.name)
        if last is None or last.pk != version.pk:
            raise ProposalRefused(words.IS_FOLLOWED)
        _check_reason(remark)
        number_of_version = version.pk
        _decided(proposal, State.CANCELLED, proposal.decided_by, proposal.decided_at or now, remark, installed=None)
        version.delete()
        event = HandbookCancelled(proposal.name, proposal.version, number_of_version, proposal.remark)
        _tell(proposal, event, by, now)
    return proposal


def study_again(number: int, *, now: dt.datetime) -> None:
    """Look into the impact once more: open work has changed since."""
    with transaction.atomic():
        proposal = Proposal.objects.select_for_update().only("id", "study_state").get(pk=number)
        if proposal.study_state not in (Proposal.Study.WAITING, Proposal.Study.RUNNING):
            _study(proposal, now)


def _study(proposal: Proposal, now: dt.datetime) -> None:
    proposal.study_state, proposal.study_done, proposal.study_total = Proposal.Study.WAITING, 0, 0
    proposal.save(update_fields=["study_state", "study_done", "study_total"])
    defer(study_proposal, number=proposal.pk, now=now.isoformat())


def _draft(proposal: Proposal, by: Staff, now: dt.datetime) -> Proposal:
    proposal.prepared_by, proposal.prepared_at = by, now
    proposal.save(force_insert=True)
    event = HandbookDrafted(proposal.name, proposal.version, proposal.kind, proposal.digest)
    _tell(proposal, event, by, now)
    _study(proposal, now)
    return proposal


def _decided(
    proposal: Proposal, state: str, by: Staff | None, at: dt.datetime, remark: str, **more: HandbookVersion | None
) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.remark = state, by, at, remark.strip()
    for name, value in more.items():
        setattr(proposal, name, value)
    proposal.save(update_fields=["state", "decided_by", "decided_at", "remark", *more])


def _check_reason(why: str) -> None:
    if not why.strip():
        raise ProposalRefused(words.NO_REASON, "why")
    if len(why.strip()) > LONGEST_REASON:
        raise ProposalRefused(words.LONG_REASON, "why")


def _check_start(proposal: Proposal, wanted_from: dt.datetime | None, now: dt.datetime) -> None:
    """It follows the last version it was compared with, at a moment that is still to come."""
    last = newest(proposal.name)
    if (last.pk if last else None) != proposal.base_id:
        raise ProposalRefused(words.BASE_CHANGED)
    if wanted_from is not None and wanted_from <= now:
        raise ProposalRefused(words.PAST, "from")
    if last is not None and (wanted_from or now) <= last.effective_from:
        raise ProposalRefused(words.before_last(last.effective_from), "from")


def _content_digest(version: HandbookVersion) -> str:
    """A version's fingerprint with its values; the stored one may be of an older kind."""
    whole = HandbookVersion.objects.get(pk=version.pk)
    return digest_of(whole.source, whole.text, whole.parameters)


@contextmanager
def _chain(name: str) -> Iterator[None]:
    """One deed at a time for each handbook."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"adoption:{name}"])
        yield


@contextmanager
def _locked(number: int, *states: str) -> Iterator[Proposal]:
    """The proposal, which must be in one of these states, under its handbook's lock. Raises ProposalRefused."""
    name = Proposal.objects.filter(pk=number).values_list("name", flat=True).get()
    with _chain(name):
        proposal = Proposal.objects.select_for_update(of=("self",)).select_related("installed").get(pk=number)
        if proposal.state not in states:
            raise ProposalRefused(words.DECIDED)
        yield proposal


def _tell(proposal: Proposal, event: Event, by: Staff, now: dt.datetime, clauses: tuple[str, ...] = ()) -> None:
    subject = ("proposal", proposal.pk)
    record([NewFact(event, now, subject, staff_key(by.pk), proposal.name, clauses, [staff_key(by.pk)])])


def install_by_hand(content: Content, begins: dt.datetime, *, now: dt.datetime) -> HandbookVersion:
    """Install checked content from the command line, by whoever has the machine; a manager's values go over.

    The content that is already last in the chain is left as it is. Raises ProposalRefused where it would not be last.
    """
    book = content.book
    if book is None:
        raise ValueError("content with problems cannot be installed")
    source, _ = content_of(book)
    with _chain(book.name):
        base = newest(book.name)
        kept, _ = carried(book_of(base.pk), book.handbook) if base else ({}, [])
        digest = digest_of(source, book.text, kept)
        if base is not None and _content_digest(base) == digest:
            return base
        if base is not None and begins <= base.effective_from:
            raise ProposalRefused(words.before_last(base.effective_from), "from")
        version = HandbookVersion.objects.create(
            name=book.name, version=book.version, effective_from=begins, source=source, text=book.text, parameters=kept,
            digest=digest,
        )  # fmt: skip
        event = HandbookInstalled(book.name, book.version, version.pk, begins.isoformat())
        record([NewFact(event, now, ("handbook", version.pk), SYSTEM, book.name)])
    return version
