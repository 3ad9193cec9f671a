"""Limits have a holder, an end and a length; duties say how often; times and targets can be read."""

from __future__ import annotations

from zhike.handbook.calendars import parse_time
from zhike.handbook.check.findings import Checker
from zhike.handbook.clauses import Clause, Deadline, Duty
from zhike.handbook.common import Duration, Text, Unit
from zhike.handbook.limits import date_fact, limit_of, waits_for_event

CLOCK_MINUTES = {Unit.second: 1 / 60, Unit.minute: 1, Unit.hour: 60, Unit.day: 1440, Unit.week: 10080}


def check_limits(checker: Checker) -> None:
    for clause in checker.clauses:
        if isinstance(clause, Deadline):
            _check_deadline(checker, clause)
        elif isinstance(clause, Duty):
            _check_duty(checker, clause)


def _check_deadline(checker: Checker, clause: Deadline) -> None:
    _check_holder(checker, clause, clause.holder)
    if not clause.until and not clause.until_all:
        _note(
            checker,
            clause,
            "limit-no-end",
            "没有写明什么事使它停下",
            "nothing is named that stops it",
            "写 until: action.<动作>。",
            "Write `until: action.<id>`.",
        )
    if (clause.within is None) == (clause.due is None):
        _note(
            checker,
            clause,
            "limit-missing",
            "要写 within 或 due，二者取一",
            "exactly one of `within` and `due` must be given",
            "例如 within: 1h。",
            "For example `within: 1h`.",
        )
    if not clause.starts and clause.before is None and (clause.due is None or clause.due.fact is None):
        _note(
            checker,
            clause,
            "limit-no-start",
            "没有写明从何时起算",
            "nothing is named that starts it",
            "写 starts: 某个事件，或 before: 某个日期。",
            "Write `starts: <event>`, or `before: <date fact>`.",
        )
    if clause.resumes and not clause.pauses:
        _note(
            checker,
            clause,
            "resumes-without-pauses",
            "写了 resumes，没有写 pauses",
            "it resumes without ever pausing",
            "写明什么事使它暂停。",
            "Say what pauses it.",
        )
    times = [
        ("at", clause.at),
        ("due", clause.due.at if clause.due else None),
        *(("window", t) for t in clause.window or ()),
    ]
    for key, text in times:
        _check_time(checker, clause, key, text)
    _check_calendar(checker, clause)
    _check_soft(checker, clause)
    _check_dates(checker, clause)


def _check_soft(checker: Checker, clause: Deadline) -> None:
    """A target lies before the limit it softens, and a window has a beginning and an end."""
    if clause.target is not None and (clause.before is not None or waits_for_event(clause)):
        _note(
            checker,
            clause,
            "target-without-start",
            "期限从日期往回算，或者是一件事，不能写 target",
            "`target` cannot be said of a limit that is counted back from a date, or that is an event",
            "去掉 target，或改用从起算时刻往后算的 within。",
            "Remove `target`, or give `within` from a start.",
        )
    limit = _limit(checker, clause)
    if clause.target is not None and limit is not None and _is_longer(clause.target, limit):
        _note(
            checker,
            clause,
            "target-beyond-limit",
            "目标不比时限短",
            "the target is no shorter than the limit",
            "目标要比 within 短。",
            "Make `target` shorter than `within`.",
        )
    if clause.window is not None and clause.window[0] == clause.window[1]:
        _note(
            checker,
            clause,
            "window-empty",
            "window 的两个时刻相同",
            "both times of `window` are the same",
            "写一早一晚两个时刻。",
            "Give a beginning and an end.",
        )


def _is_longer(target: Duration, limit: Duration) -> bool:
    """As far as it can be told whatever the day: the same unit, or two lengths by the clock."""
    if target.unit == limit.unit:
        return target.amount >= limit.amount
    known = (CLOCK_MINUTES.get(target.unit), CLOCK_MINUTES.get(limit.unit))
    return None not in known and target.amount * (known[0] or 0) >= limit.amount * (known[1] or 0)


def _check_dates(checker: Checker, clause: Deadline) -> None:
    """What is said of a date needs one."""
    if clause.charged_to and waits_for_event(clause):
        _note(
            checker,
            clause,
            "charged-without-clock",
            "期限是一件事，不能写 charged_to",
            "`charged_to` cannot be said of a limit that is an event",
            "去掉 charged_to，或改用 within。",
            "Remove `charged_to`, or give `within`.",
        )
    if clause.due is not None and clause.due.over_cap and (clause.due.cap is None or clause.due.fact is None):
        _note(
            checker,
            clause,
            "over-cap-without-cap",
            "写了 over_cap，没有写 cap 和 fact",
            "`over_cap` needs a `cap` and a `fact`",
            "写明哪个日期、最迟到何时。",
            "Say which date, and how late it may be.",
        )
    if clause.on_move != "follow" and date_fact(clause) is None:
        _note(
            checker,
            clause,
            "move-without-date",
            "写了 on_move，期限却不取决于日期",
            "`on_move` is given, but the limit hangs on no date",
            "写 before 或 due.fact，或去掉 on_move。",
            "Give `before` or `due.fact`, or remove `on_move`.",
        )


def _check_calendar(checker: Checker, clause: Deadline) -> None:
    """Working time needs a calendar: the clause's, the handbook's only one, or the department's."""
    by_holder = clause.calendar == "by_holder"
    if (clause.calendar is not None and not by_holder) or checker.book.calendar(None) is not None:
        return
    limit = _limit(checker, clause)
    if (
        by_holder
        or clause.time != "wall"
        or (limit is not None and limit.unit in (Unit.working_day, Unit.working_hour))
    ):
        _note(
            checker,
            clause,
            "calendar-missing",
            "按工作时间计，但手册没有可用的日历",
            "it counts working time, but no calendar is named and the handbook has no single or default one",
            "写 calendar: <日历>，或给手册定一个 default: true 的日历。",
            "Write `calendar: <id>`, or mark one calendar `default: true`.",
        )


def _limit(checker: Checker, clause: Deadline) -> Duration | None:
    try:
        return limit_of(checker.book, clause)
    except (LookupError, ValueError):
        return None


def _check_duty(checker: Checker, clause: Duty) -> None:
    _check_holder(checker, clause, clause.holder)
    if not clause.owes:
        _note(
            checker,
            clause,
            "duty-no-deed",
            "没有写明要做什么",
            "nothing is named that settles it",
            "写 owes: action.<动作>。",
            "Write `owes: action.<id>`.",
        )
    if _never_begins(checker, clause):
        _note(
            checker,
            clause,
            "limit-no-start",
            "没有写明从何时起欠，也看不出是哪个流程",
            "nothing is named that makes it owed, nor of which process it speaks",
            "写 starts: 某个事件，或 process: 某个流程（条件成立起就欠），或由另一条款的 owe 引起。",
            "Write `starts: <event>`, or `process: <id>` (owed once its conditions hold), or let another clause `owe` it.",
        )
    for every, key in (("interval", "interval"), ("checkpoints", "checkpoints"), ("occasion", "occasion")):
        if clause.every == every and not getattr(clause, key):
            _note(
                checker,
                clause,
                "period-incomplete",
                f"every: {every} 还要写 {key}",
                f"`every: {every}` needs `{key}`",
                f"写 {key}。",
                f"Write `{key}`.",
            )
    for text in clause.window or ():
        _check_time(checker, clause, "window", text)
    _check_time(checker, clause, "at", clause.at)


def _never_begins(checker: Checker, clause: Duty) -> bool:
    """A duty inside a case without a beginning is owed once its conditions hold, where one knows in which process."""
    if clause.owed_for != "case" or clause.starts or clause.every == "event":
        return False
    return checker.book.process_of(clause) is None and not _is_owed_by_effect(checker, clause)


def _is_owed_by_effect(checker: Checker, clause: Duty) -> bool:
    from zhike.handbook.check.findings import walk
    from zhike.handbook.common import Effect

    effects = (value for one in checker.clauses for _, value in walk(one) if isinstance(value, Effect))
    return any(effect.owe == clause.id for effect in effects)


def _check_holder(checker: Checker, clause: Clause, holder: tuple[str, ...]) -> None:
    if not [name for name in holder if name.strip()]:
        _note(
            checker,
            clause,
            "holder-missing",
            "时限没有持有人",
            "the limit has no holder",
            "写 holder: <岗位>。",
            "Write `holder: <role>`.",
        )


def _check_time(checker: Checker, clause: Clause, key: str, text: str | None) -> None:
    if text is None or text in ("open", "close"):
        return
    try:
        parse_time(text)
    except ValueError:
        message = Text(zh=f"“{key}: {text}”不是时刻。", en=f"{key}: {text!r} is not a time of day.")
        remedy = Text(zh='写成 "09:30" 或 "24:00"，带引号。', en='Write it as "09:30" or "24:00", in quotes.')
        checker.note_clause("time-malformed", clause, message, remedy, (key,))


def _note(checker: Checker, clause: Clause, code: str, zh: str, en: str, fix_zh: str, fix_en: str) -> None:
    message = Text(zh=f"“{clause.title.zh}”{zh}。", en=f"{clause.id}: {en}.")
    checker.note_clause(code, clause, message, Text(zh=fix_zh, en=fix_en))
