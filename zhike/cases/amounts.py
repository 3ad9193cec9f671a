"""What a deed costs: tariff clauses asked at its action. A field `computed` from what one `yields` holds the amount; an amount that asks
for consent (`over`) is refused until somebody in one of those roles takes the action, or has taken one of his own on the case. One that may
not be quoted yet (`quotable_after`) stands on no form, and its deed is refused, until that record is filled.
"""

from __future__ import annotations

from collections.abc import Iterator

from zhike.cases.deed import Deed
from zhike.cases.refusals import Reason
from zhike.handbook.clauses import Tariff
from zhike.handbook.common import Facts, Text
from zhike.handbook.decide import matching
from zhike.handbook.decision import Decision, NoAnswer, decision_of
from zhike.handbook.tariffs import Amount, amount_of
from zhike.records.completeness import lacking


def fill(deed: Deed) -> None:
    """Put the amounts into the fields of the form that are computed from them; none where a figure it needs is missing."""
    if deed.action.record is None:
        return
    computed = {field.computed: field.id for field in deed.book.record(deed.action.record).fields if field.computed}
    for tariff, amount, _ in _priced(deed):
        if tariff.yields in computed and may_be_quoted(deed, tariff):
            deed.values[computed[tariff.yields]] = format(amount.total, "f")


def priced(deed: Deed) -> tuple[list[Decision], list[Reason]]:
    """What the tariffs say of a form that was read: amounts for the ledger, those nobody may be told yet and those without consent."""
    applied: list[Decision] = []
    refused: list[Reason] = []
    for tariff, amount, facts in _priced(deed):
        if not may_be_quoted(deed, tariff):
            decision = decision_of(tariff, "tariff", "refused", facts, amount.used)
            refused.append(Reason(_too_early(deed, tariff), tariff.id, (), decision))
        elif amount.needs and not _consented(deed, amount.needs, facts):
            decision = decision_of(tariff, "tariff", "refused", facts, amount.used)
            refused.append(Reason(_words(deed, tariff, amount), tariff.id, (), decision))
        else:
            applied.append(decision_of(tariff, "tariff", format(amount.total, "f"), facts, amount.used))
    return applied, refused


def _priced(deed: Deed) -> Iterator[tuple[Tariff, Amount, Facts]]:
    asked = _asked(deed)
    if not asked:
        return
    facts = deed.facts() | {f"param.{name}": value for name, value in deed.book.parameters.items()}
    for name in dict.fromkeys(tariff.yields for tariff in asked):
        found = matching(deed.book, "tariff", facts, on=deed.event, process=deed.process.id, yields=name)
        speaking = [tariff for tariff in found if isinstance(tariff, Tariff)]
        if len(speaking) == 1:
            try:
                yield speaking[0], amount_of(speaking[0], facts), facts
            except NoAnswer:
                continue


def may_be_quoted(deed: Deed, tariff: Tariff) -> bool:
    """Whether the record before which nobody is told the amount is complete on this case, or with what this deed fills."""
    wanted, filled = tariff.quotable_after, deed.filled()
    if wanted is None or (wanted == deed.action.record and not deed.values):
        return True
    known = {**filled, wanted: filled.get(wanted, {})} if wanted == deed.action.record else filled
    return wanted in known and not lacking(deed.book.record(wanted), known[wanted])


def _too_early(deed: Deed, tariff: Tariff) -> Text:
    record = deed.book.record(tariff.quotable_after or "").title
    return Text(
        zh=f"“{tariff.title.zh}”要先填好“{record.zh}”才能告诉客户，请先去填。",
        en=f"“{tariff.title.say('en')}” may be told only after “{record.say('en')}” is filled; fill that first.",
    )


def _asked(deed: Deed) -> list[Tariff]:
    found = deed.book.speaking_of("tariff", deed.process.id, deed.event)
    return [clause for clause in found if isinstance(clause, Tariff)]


def _consented(deed: Deed, roles: tuple[str, ...], facts: Facts) -> bool:
    if any(book == deed.book.name and role in roles for book, role, _ in deed.viewer.roles):
        return True
    consents = (action.id for action in deed.process.actions if action.by and set(action.by) <= set(roles))
    return any(int(facts.get(f"case.taken.{name}") or 0) for name in consents)


def _words(deed: Deed, tariff: Tariff, amount: Amount) -> Text:
    if tariff.over is not None and tariff.over.refuse is not None:
        return tariff.over.refuse
    zh, en = ("、".join(deed.book.role(role).title.say(language) for role in amount.needs) for language in ("zh", "en"))
    return Text(
        zh=f"“{tariff.title.zh}”是 {amount.total:f} 元，要{zh}同意以后才能办。",
        en=f"“{tariff.title.say('en')}” is {amount.total:f} yuan; it needs the consent of {en} first.",
    )
