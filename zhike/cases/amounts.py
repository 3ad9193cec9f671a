"""What a deed costs: tariff clauses asked at its action. A field `computed` from what one `yields` holds the amount; an amount that asks
for consent (`over`) is refused until somebody in one of those roles takes the action, or has taken one of his own on the case.
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


def fill(deed: Deed) -> None:
    """Put the amounts into the fields of the form that are computed from them; none where a figure it needs is missing."""
    if deed.action.record is None:
        return
    computed = {field.computed: field.id for field in deed.book.record(deed.action.record).fields if field.computed}
    for tariff, amount, _ in _priced(deed):
        if tariff.yields in computed:
            deed.values[computed[tariff.yields]] = format(amount.total, "f")


def priced(deed: Deed) -> tuple[list[Decision], list[Reason]]:
    """What the tariffs say of a form that was read: amounts for the ledger, and those that nobody has consented to."""
    applied: list[Decision] = []
    refused: list[Reason] = []
    for tariff, amount, facts in _priced(deed):
        if amount.needs and not _consented(deed, amount.needs, facts):
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
