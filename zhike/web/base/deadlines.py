"""The one view of a deadline, shown alike on desk, case page, board and portal: `base/deadline.html`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from zhike.clocks.models import Clock
from zhike.org.handbooks import book_of
from zhike.web.base import times

State = Literal["running", "warned", "overdue", "stopped"]
WARNED_FROM = 0.8
"""Share of the limit from which a clock counts as near, where its clause names no warning."""


STOPPED_WORDS: dict[str, Callable[[], str]] = {
    Clock.State.CANCELLED: lambda: gettext("已取消"),
    Clock.State.MISSED: lambda: gettext("漏办"),
    Clock.State.WAITING: lambda: gettext("未开始"),
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock, ready to be drawn. `share` is 0 to 100: how much of the limit is used."""

    state: State
    word: str
    title: str
    holder: str
    left: str
    due: str
    due_at: dt.datetime
    limit: str
    share: int
    handbook: str
    clause: str
    case_id: int
    clock_id: int
    paused: bool = False
    """Also true before a clock begins: its words do not tick."""
    open: bool = True
    detail: str = ""
    target: str = ""
    """The target and how it stands, "" where its clause has none."""
    window: str = ""
    """The times of day in which doing it counts."""


def deadline_of(clock: Clock, now: dt.datetime, names: Mapping[str, str]) -> Deadline:
    """The view of `clock` at `now`; `names` gives each principal's name (base.names)."""
    share = share_used(clock, now)
    clause = _clause(clock)
    state = _state(clock, clause, share, now)
    return Deadline(
        state=state,
        word=word_of(clock, state),
        title=clause.title.say(get_language() or "zh") if clause else clock.clause,
        holder=gettext("、").join([names.get(p, p) for p in clock.holders]) if names else "",
        left=_left(clock, now),
        due=times.moment(clock.due_at, now),
        due_at=clock.due_at,
        limit=times.limit(clock.limit),
        share=share,
        handbook=clock.handbook,
        clause=clock.clause,
        case_id=clock.subject_id if clock.subject_kind == "case" else 0,
        clock_id=clock.pk,
        paused=clock.state == Clock.State.PAUSED or now < clock.started_at,
        open=clock.state in Clock.OPEN,
        target=_target(clock, now),
        window=_window(clause),
    )


def time_left(view: Deadline) -> SafeString:
    """The deadline in one line, for rows and lists."""
    ticks = f' data-due="{view.due_at.astimezone(times.ZONE).isoformat()}"' if view.open and not view.paused else ""
    return SafeString(
        f'<span class="zk-time zk-{view.state}"{ticks} title="{escape(view.title)} · {escape(view.due)}">'
        '<i class="zk-shape" aria-hidden="true"></i>'
        f'<span class="visually-hidden">{escape(view.word)}</span><b class="zk-left">{escape(view.left)}</b></span>'
    )


def state_of(clock: Clock, now: dt.datetime) -> State:
    """Which of the four states a person sees. Past its due time a clock is overdue even before the worker says so."""
    return _state(clock, _clause(clock), share_used(clock, now), now)


def _state(clock: Clock, clause: Any, share: int, now: dt.datetime) -> State:
    if clock.state not in Clock.OPEN or clock.state == Clock.State.PAUSED:
        return "stopped"
    if clock.state == Clock.State.OVERDUE or now > clock.due_at:
        return "overdue"
    return "warned" if share >= 100 * _warned_from(clock, clause) else "running"


def word_of(clock: Clock, state: State) -> str:
    if clock.state == Clock.State.PAUSED:
        return gettext("已暂停")
    if state == "stopped":
        return STOPPED_WORDS.get(clock.state, lambda: gettext("已停"))()
    return {"running": gettext("进行中"), "warned": gettext("即将到期"), "overdue": gettext("已超时")}[state]


def share_used(clock: Clock, now: dt.datetime) -> int:
    """Percent of the limit used, 0 to 100, of the time between start and due."""
    end = clock.stopped_at or now
    whole = (clock.due_at - clock.started_at).total_seconds()
    if whole <= 0:
        return 100
    return max(0, min(100, int(100 * (end - clock.started_at).total_seconds() / whole)))


def _left(clock: Clock, now: dt.datetime) -> str:
    if clock.stopped_at is not None and clock.state in (Clock.State.KEPT, Clock.State.LATE):
        return times.outcome(clock.due_at, clock.stopped_at)
    if clock.state == Clock.State.CANCELLED:
        return gettext("不再计时")
    if clock.state == Clock.State.MISSED:
        return gettext("期限内没有完成")
    if clock.state == Clock.State.PAUSED:
        return gettext("暂停中，期限 %(due)s") % {"due": times.short_moment(clock.due_at, now)}
    if now < clock.started_at:
        return gettext("%(start)s 起算") % {"start": times.short_moment(clock.started_at, now)}
    return times.time_left(clock.due_at, now)


def _target(clock: Clock, now: dt.datetime) -> str:
    if clock.target_at is None:
        return ""
    if clock.in_target is not None and clock.state in (Clock.State.KEPT, Clock.State.LATE):
        return gettext("在目标时间以内") if clock.in_target else gettext("超过了目标时间")
    if clock.state not in Clock.OPEN or clock.state == Clock.State.PAUSED:
        return ""
    words = gettext("目标 %(time)s，已过") if now > clock.target_at else gettext("目标 %(time)s")
    return words % {"time": times.short_moment(clock.target_at, now)}


def _window(clause: Any) -> str:
    window = getattr(clause, "window", None)
    return gettext("%(begins)s 至 %(ends)s 之间办才算") % {"begins": window[0], "ends": window[1]} if window else ""


def _clause(clock: Clock) -> Any:
    try:
        return book_of(clock.version_id).clause(clock.clause)
    except LookupError:
        return None


def _warned_from(clock: Clock, clause: Any) -> float:
    """The first warning of the clause, as a share of the limit."""
    warn = getattr(clause, "warn", None)
    if not warn:
        try:
            warn = book_of(clock.version_id).warn
        except LookupError:
            warn = None
    return min(warn) / 100 if warn else WARNED_FROM
