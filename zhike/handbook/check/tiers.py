"""What a sanction lays on somebody for a time: there is something that lasts, and it is known which, how long and from when."""

from __future__ import annotations

from collections.abc import Iterator

from zhike.handbook.check.findings import Checker, Path
from zhike.handbook.clauses import Clause, Sanction
from zhike.handbook.common import Text, Unit
from zhike.handbook.sanctions import lasting_of
from zhike.handbook.terms import Tier

HEARD = ("action", "stage", "case")
"""Families of events from which something may begin to last: what happens on the sanction's own case."""


def tiers_of(clause: Sanction) -> Iterator[tuple[Path, Tier]]:
    """Every tier of a sanction, those of its further parties too, with its path in the file."""
    yield from ((("tiers", n), tier) for n, tier in enumerate(clause.tiers))
    for number, party in enumerate(clause.parties):
        yield from ((("parties", number, "tiers", n), tier) for n, tier in enumerate(party.tiers))


def check_tiers(checker: Checker) -> None:
    for clause in checker.clauses:
        if isinstance(clause, Sanction):
            for path, tier in tiers_of(clause):
                _check_tier(checker, clause, tier, path)
            if clause.id in _led_to(checker, clause, frozenset()):
                words = Text(
                    zh="先行处理里的发现又引起这一条，没有尽头。",
                    en="A finding among its `interim` leads back to the clause itself.",
                )
                remedy = Text(zh="先行处理里不写这个发现。", en="Leave that finding out of `interim`.")
                checker.note_clause("interim-round", clause, words, remedy, ("interim",))


def _led_to(checker: Checker, clause: Sanction, known: frozenset[str]) -> frozenset[str]:
    """The sanctions that are drafted at once because this one is."""
    events = {f"finding.{effect.finding}" for effect in clause.interim if effect.finding}
    applied = {
        name
        for effect in clause.interim
        for name in ([effect.apply] if isinstance(effect.apply, str) else effect.apply or ())
    }
    led = [
        one
        for one in checker.clauses
        if isinstance(one, Sanction) and (one.on in events or one.id in applied) and one.id not in known
    ]
    found = known | {one.id for one in led}
    for one in led:
        found = _led_to(checker, one, found)
    return found


def _check_tier(checker: Checker, clause: Clause, tier: Tier, path: Path) -> None:
    if lasting_of(tier) is None:
        if tier.starts:
            words = Text(
                zh="写了从何时起（starts），没有写持续多久。",
                en="It says from when (`starts`), but not how long it lasts.",
            )
            remedy = Text(zh="写 lasts: 7d，或 until: 某个条件。", en="Write `lasts: 7d`, or `until` and a condition.")
            checker.note_clause("lasts-missing", clause, words, remedy, (*path, "starts"))
        return
    if not tier.propose:
        words = Text(zh="写了持续多久，没有写持续的是什么。", en="It says how long something lasts, but not what.")
        remedy = Text(zh="用 propose 写明处理。", en="Name the consequence under `propose`.")
        checker.note_clause("lasts-nothing", clause, words, remedy, path)
    if tier.choose_one and len(tier.propose) > 1:
        words = Text(
            zh="几项里择一，又要持续一段时间：系统不知道选了哪一项。",
            en="One of several is chosen and lasts for a time: the product does not know which.",
        )
        remedy = Text(zh="每一项写成单独的条款。", en="Make each of them a clause of its own.")
        checker.note_clause("lasts-unclear", clause, words, remedy, (*path, "choose_one"))
    for event in tier.starts:
        if event.partition(".")[0] not in HEARD:
            words = Text(
                zh=f"“{event}”不是这张工单上的事，处理不会由它开始。",
                en=f"{event} does not happen on the case of the sanction; nothing begins with it.",
            )
            remedy = Text(zh="写 action、stage 或 case 的事件。", en="Name an event of an action, a stage or the case.")
            checker.note_clause("lasts-unheard", clause, words, remedy, (*path, "starts"))
    _check_calendar(checker, clause, tier, path)


def _check_calendar(checker: Checker, clause: Clause, tier: Tier, path: Path) -> None:
    if tier.lasts is None or tier.lasts.unit not in (Unit.working_hour, Unit.working_day):
        return
    if checker.book.calendar(None) is None:
        words = Text(zh="按工作时间计算，没有可用的日历。", en="It counts working time and no calendar is known.")
        remedy = Text(zh="在 calendars 里写一份日历。", en="Add a calendar.")
        checker.note_clause("calendar-missing", clause, words, remedy, (*path, "lasts"))
