"""What follows from a finding or a rank: always a draft. A person confirms it, another person may be appealed to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from zhike.handbook.clauses import Sanction
from zhike.handbook.common import Duration, Effect, Facts, Text, When
from zhike.handbook.conditions import holds
from zhike.handbook.periods import period_of
from zhike.handbook.terms import Party, Tally, Tier

if TYPE_CHECKING:
    from zhike.handbook.book import Book

PERSON = "person"

CONSEQUENCES = {
    "dismissal": Text(zh="辞退", en="dismissal"),
    "transfer": Text(zh="调岗", en="transfer"),
    "suspension": Text(zh="停岗", en="suspension"),
    "training": Text(zh="培训", en="training"),
    "criticism": Text(zh="批评", en="criticism"),
    "circular": Text(zh="通报", en="circular"),
    "warning": Text(zh="警告", en="warning"),
    "reward": Text(zh="奖励", en="reward"),
}
"""What may follow beside money, where a handbook has no word of its own for it."""


def consequence_title(book: Book, name: str) -> Text:
    """What a consequence is called: the handbook's own word, else the usual one, else its id."""
    return book.handbook.names.get(name) or CONSEQUENCES.get(name) or Text(zh=name, en=name)


@dataclass(frozen=True, slots=True)
class Lasting:
    """What lasts for a time once it is confirmed: for how long, from which event, and until which facts hold."""

    what: tuple[str, ...]
    length: Duration | None
    starts: tuple[str, ...]
    until: When

    def kept(self) -> dict[str, Any]:
        """As it stands in the draft: plain values."""
        until = {name: test.model_dump(mode="json") for name, test in self.until.items()}
        length = str(self.length) if self.length else None
        return {"what": list(self.what), "length": length, "starts": list(self.starts), "until": until}


@dataclass(frozen=True, slots=True)
class Charge:
    """One consequence for one person. `amount` is negative for a fine, positive for a reward, None where a person
    decides it.
    """

    person: Any
    amount: Decimal | None = None
    points: float | None = None
    percent: float | None = None
    to_be_decided: bool = False
    tier: float = 1
    words: Text | None = None
    lasting: Lasting | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal that has no effect until `confirmed_by` agree. `choose_one` of `propose` must then be chosen."""

    clause_id: str
    form: str
    count: int
    charges: tuple[Charge, ...]
    propose: tuple[str, ...]
    choose_one: bool
    confirmed_by: tuple[str, ...]
    instead: str | None
    """The role that decides when a confirmer is a party."""
    appeal: Duration | None


def draft_of(clause: Sanction, facts: Facts) -> Draft:
    """The draft a sanction clause gives for one finding. The count, this occurrence included, and the person are facts.

    The highest tier reached speaks; tiers below it speak too unless one `replaces` them. Without tiers only `propose`
    remains.
    """
    count = int(facts.get(clause.count.fact if clause.count else "count") or 1)
    tiers = tiers_reached(clause.tiers, count)
    charges = [_charge(tier, facts.get(PERSON), facts) for tier in tiers]
    charges += [charge for party in clause.parties for charge in _party_charges(party, tiers, count, facts)]
    propose = tuple(dict.fromkeys((*clause.propose, *(name for tier in tiers for name in tier.propose))))
    return Draft(
        clause_id=clause.id,
        form=clause.form,
        count=count,
        charges=tuple(charges),
        propose=propose,
        choose_one=any(tier.choose_one for tier in tiers),
        confirmed_by=_confirmers(clause, propose),
        instead=clause.confirm.instead,
        appeal=clause.appeal.within if clause.appeal else None,
    )


def tiers_reached(tiers: Sequence[Tier], count: int) -> list[Tier]:
    """The tiers that speak at this count, lowest first."""
    reached = sorted((tier for tier in tiers if tier.from_ <= count), key=lambda tier: tier.from_)
    last_replacing = max((index for index, tier in enumerate(reached) if tier.replaces), default=0)
    return reached[last_replacing:]


def effects_of(clause: Sanction, count: int) -> tuple[Effect, ...]:
    """What else follows from a confirmed sanction at this count: of the person's own tiers and of further parties', each once."""
    own = [effect for tier in tiers_reached(clause.tiers, count) for effect in tier.effects]
    others = [
        effect for party in clause.parties for tier in tiers_reached(party.tiers, count) for effect in tier.effects
    ]
    return tuple(effect for n, effect in enumerate([*own, *others]) if effect not in [*own, *others][:n])


def _charge(tier: Tier, person: Any, facts: Facts) -> Charge:
    amount = _amount(tier, facts)
    return Charge(person, amount, tier.points, tier.percent, tier.decided, tier.from_, tier.words, lasting_of(tier))


def lasting_of(tier: Tier) -> Lasting | None:
    """What of a tier lasts for a time; None where it is over as soon as it is decided."""
    if tier.lasts is None and not tier.until:
        return None
    return Lasting(tier.propose, tier.lasts, tier.starts, tier.until)


def lasts_at_all(clause: Sanction) -> bool:
    """Whether anything this clause proposes lasts for a time."""
    return any(lasting_of(tier) for tier in (*clause.tiers, *(one for party in clause.parties for one in party.tiers)))


def _amount(tier: Tier, facts: Facts) -> Decimal | None:
    if tier.reward is not None:
        return Decimal(str(tier.reward))
    fine: Any = facts.get(tier.amount_of) if tier.amount_of else tier.fine
    if fine is None:
        return None
    limit = facts.get(tier.most_of) if tier.most_of else None
    amount = Decimal(str(fine))
    return -(amount if limit is None else min(amount, Decimal(str(limit))))


def _party_charges(party: Party, tiers: Iterable[Tier], count: int, facts: Facts) -> list[Charge]:
    """Charges of somebody else for the same finding: tiers of his own, or the same as the person's."""
    who = facts.get(party.fact) if party.fact else party.role
    own = tiers_reached(party.tiers, count) if party.tiers else list(tiers)
    return [_charge(tier, who, facts) for tier in own]


def _confirmers(clause: Sanction, propose: Iterable[str]) -> tuple[str, ...]:
    by_kind = [role for name, role in clause.confirm.by_consequence.items() if name in propose]
    return tuple(dict.fromkeys(by_kind or [clause.confirm.role]))


def tally(count: Tally, occurrences: Iterable[Facts], now: dt.datetime, zone: str = "Asia/Shanghai") -> int:
    """How many of these occurrences count together at `now`. Each has what `per` names, a `kind`, and the moment it
    is dated by.

    The caller gives those of the one person; `excludes` takes out the revoked ones, `of` keeps only some kinds.
    """
    dated_by = count.dated_by or "at"
    return sum(1 for one in occurrences if _counts(count, one, one.get(dated_by), now, zone))


def _counts(count: Tally, one: Facts, at: Any, now: dt.datetime, zone: str) -> bool:
    if count.excludes and holds(count.excludes, one):
        return False
    if count.of and one.get("kind") not in count.of:
        return False
    if count.within == "lifetime":
        return True
    if not isinstance(at, dt.datetime):
        return False
    if count.within.startswith("rolling"):
        days = count.days if count.within == "rolling_days" and count.days else 365
        return now - dt.timedelta(days=days) < at <= now
    return period_of(count.within, at, zone).key == period_of(count.within, now, zone).key
