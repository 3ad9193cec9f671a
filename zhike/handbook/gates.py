"""Gates, and the two other clauses that refuse: words that must be stated, data that must be captured. Also duties
that block.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from zhike.handbook.clauses import Clause, Duty, Gate, Measure, Sanction, Wording
from zhike.handbook.common import Effect, Facts, Names, Text, is_present
from zhike.handbook.conditions import failing, holds
from zhike.handbook.decision import Refusal, decision_of
from zhike.handbook.terms import Quorum, Requirement, Rows, Signatures
from zhike.handbook.wordings import look

Lack = tuple[str, ...]
"""What is missing: names of fields and facts, each once. Empty: nothing."""

_SUBSTANCE = re.compile(r"\w", re.UNICODE)


def refusal_of_gate(
    gate: Gate, facts: Facts, values: Facts, form_fields: Collection[str] | None = None
) -> Refusal | None:
    """The refusal of a gate whose `when` holds, or None where its requirement is met. `otherwise: flag` gives a
    decision "flagged".
    """
    facts = scoped(gate, facts)
    lacking = lacks(gate.requires, facts, values)
    if not lacking:
        return None
    outcome = {"flag": "flagged", "skip": "skipped"}.get(gate.otherwise, "refused")
    fields = tuple(name for name in lacking if form_fields is None or name in form_fields)
    return Refusal(decision_of(gate, "gate", outcome, facts, lacking), gate.refuse, fields)


def after_refusal(gate: Gate) -> tuple[Effect, ...]:
    """What follows when the gate refuses: its finding first, then its effects."""
    found = (Effect(finding=gate.finding),) if gate.finding else ()
    return (*found, *gate.effects)


def scoped(gate: Gate, facts: Facts) -> Facts:
    """The facts with `open_hold`: whether what the gate's `scope` names is frozen, by whichever case."""
    return {**facts, "open_hold": bool(facts.get(f"held.{gate.scope}"))} if gate.scope else facts


def refusal_of_wording(wording: Wording, facts: Facts, values: Facts) -> Refusal | None:
    """The refusal where a field that must be stated holds no words of substance, or where what is about to be said holds words that
    are never said (`look_for` with `before_sending`).
    """
    if (said := refusal_of_words(wording, facts, values)) is not None:
        return said
    lacking = tuple(name for name in wording.must_state if count_substance(values.get(name)) < wording.at_least)
    if not lacking:
        return None
    words = wording.refuse or Text(zh="须写明意见后才能办理。", en="State it in words before you go on.")
    return Refusal(decision_of(wording, "wording", "refused", facts, lacking), words, lacking)


FORBIDDEN = Text(
    zh="话里有“{words}”，请换一种说法再发。", en="It says “{words}”. Say it another way before you send it."
)
MISSING = Text(zh="话里缺少“{words}”，补上再发。", en="It lacks “{words}”. Add it before you send it.")


def refusal_of_words(wording: Wording, facts: Facts, values: Facts) -> Refusal | None:
    """What holds a message back until it is changed: the first thing the clause finds in its words. The clause's own `suggest` follows."""
    check = wording.look_for
    if check is None or not check.before_sending:
        return None
    said = "\n".join(value for value in values.values() if isinstance(value, str))
    hit = next(iter(look(wording, said)), None)
    if hit is None:
        return None
    words = FORBIDDEN if hit.what == "forbidden" else MISSING
    more = wording.refuse or check.suggest
    zh, en = (words.say(language).replace("{words}", hit.words) for language in ("zh", "en"))
    told = Text(zh=zh + (more.zh if more else ""), en=f"{en} {more.say('en')}" if more else en)
    return Refusal(decision_of(wording, "wording", "refused", facts, ["words"]), told)


def refusal_of_capture(measure: Measure, facts: Facts, values: Facts) -> Refusal | None:
    """The refusal where the datum a measure lives on is not written down."""
    wanted = measure.capture
    if wanted is None or is_present(
        facts.get(f"{wanted.of}.{wanted.field}") if wanted.of else values.get(wanted.field)
    ):
        return None
    lacking = () if wanted.of else (wanted.field,)
    return Refusal(decision_of(measure, "measure", "refused", facts, lacking), wanted.refuse, lacking)


def open_duty_refusal(clause: Clause, facts: Facts) -> Refusal | None:
    """The refusal of something that an open duty, or the undecided draft of a sanction, blocks; the fact
    `duty.<CLAUSE>.open` or `sanction.<CLAUSE>.open` says that it is.
    """
    if not isinstance(clause, Duty | Sanction) or not facts.get(f"{clause.kind}.{clause.id}.open"):
        return None
    words = clause.refuse or Text(zh=f"“{clause.title.zh}”尚未完成。", en=f"“{clause.title.say('en')}” is still owed.")
    return Refusal(decision_of(clause, clause.kind, "refused", facts, [f"{clause.kind}.{clause.id}.open"]), words)


def count_substance(value: Any) -> int:
    """How many letters, digits or characters a text has; blanks, punctuation and marks that cannot be seen do not
    count.
    """
    return len(_SUBSTANCE.findall(value)) if isinstance(value, str) else int(is_present(value))


def lacks(required: Requirement, facts: Facts, values: Facts) -> Lack:
    """Everything the requirement asks for and does not get, in the order it is asked."""
    found: list[str] = [name for name in required.fields if not is_present(values.get(name))]
    found += failing(required.facts, facts)
    if required.one_of_fields and not any(is_present(values.get(name)) for name in required.one_of_fields):
        found += required.one_of_fields
    found += _missing_signatures(required, facts, values)
    found += _missing_approvals(required, facts)
    if required.attachments and int(facts.get("attachments") or 0) < required.attachments:
        found.append("attachments")
    found += [name for name, wanted in required.includes.items() if not set(wanted) <= _as_set(values.get(name))]
    found += [name for rows in required.rows for name in _bad_rows(rows, values)]
    found += _no_quorum(required.quorum, facts, values) if required.quorum else ()
    found += _is_party(required, facts)
    found += _no_alternative(required.any_of, facts, values)
    return tuple(dict.fromkeys(found))


def _as_set(value: Any) -> set[Any]:
    return set(value) if isinstance(value, list | tuple | set | frozenset) else set() if value is None else {value}


def _missing_signatures(required: Requirement, facts: Facts, values: Facts) -> Iterable[str]:
    """A signature is `{"by": principal, "roles": [...], "in_person": bool}`; a bare principal signs in no role and
    not in person.
    """
    signed: dict[str, str] = {}
    for wanted in required.signatures:
        if not holds(wanted.when, facts):
            continue
        signature = _signature(values.get(wanted.field))
        if not _is_signed(wanted, signature, required.in_person, facts) or (
            required.distinct and signature["by"] in signed
        ):
            yield wanted.field
        signed[signature.get("by", "")] = wanted.field


def _signature(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    return {"by": value} if isinstance(value, str) and value else {}


def _is_signed(wanted: Signatures, signature: Mapping[str, Any], in_person: bool, facts: Facts) -> bool:
    if not signature.get("by") or (in_person and not signature.get("in_person")):
        return False
    if wanted.person is not None:
        return bool(facts.get(wanted.person) == signature["by"])
    return wanted.role in signature.get("roles", ())


def _missing_approvals(required: Requirement, facts: Facts) -> Iterable[str]:
    """`approvals` is a list of `{"role": ..., "by": ..., "decision": "approved" | "rejected"}` in the order given.

    Links are agreed to one after the other by different people; `parallel` lifts the order. A rejection ends it.
    """
    if not required.approvals:
        return ()
    given = given_for(required, facts)
    if any(one.get("decision") != "approved" for one in given):
        return ("approvals",)
    return ("approvals",) if links_left(required.approvals, given, required.parallel) else ()


def given_for(required: Requirement, facts: Facts) -> list[Mapping[str, Any]]:
    """The approvals that count for this requirement: with `distinct` what the one who asks holds himself (`own`) does not."""
    given = [one for one in facts.get("approvals") or () if isinstance(one, Mapping)]
    return [one for one in given if not (required.distinct and one.get("own"))]


def links_left(chain: Sequence[Names], given: Sequence[Mapping[str, Any]], parallel: bool) -> list[Names]:
    """The links nobody agreed to yet: the next one, or with `parallel` all of them. Each is agreed to by another person."""
    used: set[int] = set()
    people: set[Any] = set()
    left: list[Names] = []
    begin = 0
    for link in chain:
        candidates = range(0 if parallel else begin, len(given))
        fits = (n for n in candidates if given[n].get("role") in link and given[n].get("by") not in people)
        hit = next((n for n in fits if n not in used), None)
        if hit is None:
            left.append(link)
            if not parallel:
                break
            continue
        used.add(hit)
        people.add(given[hit].get("by"))
        begin = hit + 1
    return left


def chain_wanted(required: Requirement, facts: Facts, values: Facts) -> Requirement | None:
    """The requirement whose approvals alone are missing: itself, or one of its alternatives."""
    if lacks(required, facts, values) != ("approvals",):
        return None
    if required.approvals and _missing_approvals(required, facts):
        return required
    return next((one for one in required.any_of if chain_wanted(one, facts, values)), None)


def _bad_rows(rows: Rows, values: Facts) -> Iterable[str]:
    given = [row for row in values.get(rows.field) or () if isinstance(row, Mapping)]
    if len(given) < (rows.least or 0):
        return (rows.field,)
    bad = (
        row for row in given if any(not is_present(row.get(name)) for name in rows.filled) or not holds(rows.where, row)
    )
    return (rows.field,) if any(True for _ in bad) else ()


def _no_quorum(quorum: Quorum, facts: Facts, values: Facts) -> Iterable[str]:
    votes = [vote for vote in values.get(quorum.field) or () if isinstance(vote, Mapping)]
    agreed = sum(vote.get("vote") in ("yes", "approved", True) for vote in votes)
    members = facts.get(quorum.members) if quorum.members else None
    electorate = len(members) if isinstance(members, list | tuple) else int(members or len(votes))
    needed = {"unanimous": electorate, "majority": electorate // 2 + 1, "all_present": len(votes)}.get(
        str(quorum.needs), quorum.needs
    )
    return () if votes and agreed >= int(needed) else (quorum.field,)


def _is_party(required: Requirement, facts: Facts) -> Iterable[str]:
    if not required.not_actor or (required.unless and holds(required.unless, facts)):
        return ()
    actor = _as_set(facts.get("actor.persons") or facts.get("actor.principal"))
    return [name for name in required.not_actor if not actor.isdisjoint(_as_set(facts.get(name)))]


def _no_alternative(alternatives: tuple[Requirement, ...], facts: Facts, values: Facts) -> Iterable[str]:
    if not alternatives:
        return ()
    found: list[Lack] = [lacks(alternative, facts, values) for alternative in alternatives]
    if any(not lack for lack in found):
        return ()
    shortest: Lack = min(found, key=_size)
    return shortest


def _size(lack: Lack) -> int:
    return len(lack)
