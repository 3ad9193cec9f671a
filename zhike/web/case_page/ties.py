"""What a case has to do with others, and what may be done with it as a whole: follow, link, merge, split, undo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from zhike.cases.allowed import may_steer
from zhike.cases.links import Around, Tied, around
from zhike.cases.models import Case
from zhike.cases.titles import title_in
from zhike.cases.undo import last_deed
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.web.case_page.page import say


@dataclass(frozen=True, slots=True)
class Tie:
    """Another case beside this one, in words."""

    word: str
    number: str
    title: str
    stage: str
    link: int
    """The link that can be ended here; 0 where it is none."""
    own: bool = False
    """Its number leads back here; to be read it is asked for as itself."""


@dataclass(frozen=True, slots=True)
class Undo:
    """The action this viewer has just taken; `why`: what stands against undoing it."""

    title: str
    why: list[str]


@dataclass(frozen=True, slots=True)
class Ties:
    """All of that for one case and one viewer."""

    rows: list[Tie]
    leading: Tie | None
    absorbed: tuple[Tied, ...]
    is_merged: bool
    follows: bool
    reopened: int
    may_steer: bool
    undo: Undo | None


def word_of(tie: str) -> str:
    """How the other case stands to this one."""
    return {
        "parent": gettext("来自"), "child": gettext("引出"), "related": gettext("相关"), "duplicate": gettext("重复于"),
        "duplicated_by": gettext("另有重复"), "caused_by": gettext("起因"), "causes": gettext("导致"),
        "split_from": gettext("拆分自"), "split_into": gettext("拆分出"), "absorbed": gettext("已并入本单"),
        "leading": gettext("已并入"),
    }.get(tie, tie)  # fmt: skip


def link_kinds() -> list[tuple[str, str]]:
    """What people link by, from where they stand."""
    return [
        ("related", gettext("与它相关")), ("duplicate", gettext("与它重复")), ("caused_by", gettext("由它引起")),
        ("causes", gettext("引起了它")),
    ]  # fmt: skip


def ties_of(case: Case, viewer: Viewer, now: dt.datetime, found: Around | None = None) -> Ties:
    """One query, none where `found` was read already, and one more for ten minutes after something was done."""
    found, book = found or around(case, viewer), book_of(case.handbook_version_id)
    is_merged = case.merged_into_id is not None
    return Ties(
        rows=list(_ties([*found.family, *found.links, *found.absorbed])),
        leading=next(iter(_ties(found.of("leading"))), None),
        absorbed=tuple(found.absorbed),
        is_merged=is_merged,
        follows=found.follows,
        reopened=found.reopened,
        may_steer=not is_merged and may_steer(case, book, viewer),
        undo=None if is_merged else undo_of(case, viewer, now),
    )


def _ties(found: Iterable[Tied]) -> Iterable[Tie]:
    for each in found:
        link = each.link if not each.tie.startswith("split") else 0
        yield Tie(word_of(each.tie), each.number, title_of(each), stage_of(each), link, own=each.tie == "absorbed")


def title_of(each: Tied) -> str:
    known = Case(title=each.title, process=each.process, handbook_version_id=each.version_id)
    return title_in(known, get_language() or "zh")


def stage_of(each: Tied) -> str:
    return say(book_of(each.version_id).stage(each.process, each.stage).title)


def undo_of(case: Case, viewer: Viewer, now: dt.datetime) -> Undo | None:
    found = last_deed(case, viewer, now)
    if found is None:
        return None
    title = book_of(case.handbook_version_id).action(case.process, found.action).title
    return Undo(say(title), [say(reason.words) for reason in found.reasons])
