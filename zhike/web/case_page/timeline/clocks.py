"""What became of the limits and duties of a case."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext

from zhike.journal.models import Fact
from zhike.web.base import times
from zhike.web.case_page.timeline.entry import Entry
from zhike.web.case_page.timeline.voice import Sentence, Voice
from zhike.web.handbook_page import terms


def cancelled(voice: Voice, fact: Fact) -> Entry | None:
    """Told where somebody took the clock away; what ends with the case is not."""
    why = {"case.merged": gettext("工单合并"), "case.deed_undone": gettext("办理撤销")}.get(fact.payload.get("why", ""))
    if why is None or fact.payload.get("watches"):
        return None
    line = gettext("取消计时：%(title)s，%(why)s") % {"title": voice.clause_title(fact), "why": why}
    return _line(voice, fact, "stopped", line)


def restored(voice: Voice, fact: Fact) -> Entry:
    due = _due(fact)
    line = gettext("恢复计时：%(title)s，%(due)s 前") % {"title": voice.clause_title(fact), "due": due}
    state = "overdue" if fact.payload["state"] == "overdue" else "running"
    return _line(voice, fact, state, line)


def warned(voice: Voice, fact: Fact) -> Entry:
    holders = voice.people(fact, "holders")
    what = gettext("即将到期：%(title)s") % {"title": voice.clause_title(fact)}
    words = gettext("已提醒 %(holders)s") % {"holders": holders} if holders else ""
    return voice.base(fact, "warned", what, words=words, minor=True, clauses=voice.clauses(fact))


def target_passed(voice: Voice, fact: Fact) -> Entry:
    holders = voice.people(fact, "holders")
    what = gettext("目标时间已过：%(title)s") % {"title": voice.clause_title(fact)}
    words = gettext("已提醒 %(holders)s") % {"holders": holders} if holders else ""
    return voice.base(fact, "warned", what, words=words, minor=True, clauses=voice.clauses(fact))


def breached(voice: Voice, fact: Fact) -> Entry:
    holders = voice.people(fact, "holders")
    what = gettext("超时：%(title)s") % {"title": voice.clause_title(fact)}
    words = gettext("在 %(holders)s 手里") % {"holders": holders}
    if charged := voice.people(fact, "charged"):
        words = gettext("在 %(holders)s 手里，记在 %(charged)s 名下") % {"holders": holders, "charged": charged}
    return voice.base(fact, "overdue", what, words=words, clauses=voice.clauses(fact))


def started(voice: Voice, fact: Fact) -> Entry:
    known = {"title": voice.clause_title(fact), "holders": voice.people(fact, "holders"), "due": _due(fact)}
    return _line(voice, fact, "running", gettext("起钟：%(title)s，%(holders)s，%(due)s 前") % known)


def stopped(voice: Voice, fact: Fact) -> Entry:
    title, late = voice.clause_title(fact), float(fact.payload.get("late_minutes") or 0)
    if late > 0:
        known = {"title": title, "span": times.span(dt.timedelta(minutes=late))}
        return _line(voice, fact, "overdue", gettext("停钟：%(title)s，超时 %(span)s") % known)
    words = {
        True: gettext("停钟：%(title)s，按时，在目标时间以内"),
        False: gettext("停钟：%(title)s，按时，超过了目标时间"),
        None: gettext("停钟：%(title)s，按时"),
    }[fact.payload.get("in_target")]
    return _line(voice, fact, "stopped", words % {"title": title})


def extended(voice: Voice, fact: Fact) -> Entry:
    due = _due(fact)
    what = gettext("延长时限：%(title)s，到 %(due)s") % {"title": voice.clause_title(fact), "due": due}
    return voice.base(fact, "moved", what, words=fact.payload.get("why", ""), clauses=voice.clauses(fact))


def redated(voice: Voice, fact: Fact) -> Entry:
    due = _due(fact)
    what = gettext("日期改了，期限跟着改到 %(due)s：%(title)s") % {"title": voice.clause_title(fact), "due": due}
    return voice.base(fact, "moved", what, clauses=voice.clauses(fact))


def retimed(voice: Voice, fact: Fact) -> Entry:
    due = _due(fact)
    what = gettext("节假日公布，时限改到 %(due)s：%(title)s") % {"title": voice.clause_title(fact), "due": due}
    return voice.base(fact, "moved", what, clauses=voice.clauses(fact))


def paused(voice: Voice, fact: Fact) -> Entry:
    what = gettext("暂停计时：%(title)s") % {"title": voice.clause_title(fact)}
    home, why = voice.home(fact.subject_id), str(fact.payload.get("why", ""))
    words = terms.event(home.book, why, home.process) if "." in why else why
    return voice.base(fact, "moved", what, words=words, minor=True, clauses=voice.clauses(fact))


def resumed(voice: Voice, fact: Fact) -> Entry:
    what = gettext("恢复计时：%(title)s") % {"title": voice.clause_title(fact)}
    return voice.base(fact, "moved", what, minor=True, clauses=voice.clauses(fact))


def duty_missed(voice: Voice, fact: Fact) -> Entry:
    what = gettext("当日未办：%(title)s") % {"title": voice.clause_title(fact)}
    return voice.base(fact, "overdue", what, clauses=voice.clauses(fact))


def _line(voice: Voice, fact: Fact, state: str, words: str) -> Entry:
    """Told as part of the deed that moved the clock."""
    return voice.base(fact, "clock", "", minor=True, moved=[(state, words, voice.clause(fact))])


def _due(fact: Fact) -> str:
    return times.short_moment(dt.datetime.fromisoformat(str(fact.payload["due_at"])), fact.at)


CLOCKS: dict[str, Sentence] = {
    "clock.cancelled": cancelled,
    "clock.restored": restored,
    "clock.warned": warned,
    "clock.target_passed": target_passed,
    "clock.breached": breached,
    "clock.started": started,
    "clock.stopped": stopped,
    "clock.extended": extended,
    "clock.redated": redated,
    "clock.retimed": retimed,
    "clock.paused": paused,
    "clock.resumed": resumed,
    "duty.missed": duty_missed,
}
"""Type of the fact -> its entry, or None where nobody took the clock away."""
