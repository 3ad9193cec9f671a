"""Whose turn it is and who may see: roles of the handbook turned into principals of this case."""

from __future__ import annotations

from collections.abc import Iterable

from zhike.cases.facts import Facts, facts_of
from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.clauses import Access, Visibility
from zhike.handbook.conditions import holds
from zhike.handbook.named import with_named
from zhike.org.models import Assignment
from zhike.org.principals import SYSTEM, customer_key, place_of, resolve, role_key, role_of, staff_key


def principals_for(case: Case, book: Book, roles: Iterable[str]) -> list[str]:
    """The principals of `roles` for this case: the owner himself for the role he took it in, the customer for `customer`."""
    return list(dict.fromkeys(_principal(case, book, role) for role in roles))


def _principal(case: Case, book: Book, role: str) -> str:
    if role == SYSTEM:
        return SYSTEM
    if role == "customer":
        return customer_key(case.customer_id) if case.customer_id else "anonymous"
    if case.owner_id and role in ("owner", case.owner_role):
        return staff_key(case.owner_id)
    return resolve(book, "owner" if role == "owner" else role, case.department)


def turn_of(case: Case, book: Book) -> tuple[str, ...]:
    """The roles whose turn it is: those a clause gave the work to at this stage, else those the stage names."""
    return tuple(case.given_to) or book.stage(case.process, case.stage).holder


def may_act(case: Case, book: Book, roles: Iterable[str]) -> list[str]:
    """The principals that may take an action which `roles` take: unlike a limit's holder, any colleague in the role may."""
    found: list[str] = []
    for role in roles:
        if role == "owner":
            found += [staff_key(case.owner_id)] if case.owner_id else []
        elif role == "customer":
            found += [customer_key(case.customer_id)] if case.customer_id else []
        elif role == SYSTEM:
            found.append(SYSTEM)
        else:
            found.append(resolve(book, role, case.department))
    return found


def superiors_of(case: Case, book: Book, holders: Iterable[str], held_as: Iterable[str]) -> list[str]:
    """The principals the holders report to. A person is looked up by the role he holds the clock in."""
    roles = [role_of(holder) for holder in holders] + [role for role in held_as if role]
    above: list[str] = []
    for role in dict.fromkeys(roles):
        boss = book.role(role).reports_to if role and role not in ("owner", "customer", SYSTEM) else None
        if boss:
            above.append(resolve(book, boss, case.department))
    if not above and case.owner_role:
        boss = book.role(case.owner_role).reports_to
        above += [resolve(book, boss, case.department)] if boss else []
    return list(dict.fromkeys(above))


def visibility_of(book: Book, process: str) -> Visibility | None:
    """The clause that says who may see cases of `process`; None where the handbook is silent."""
    spoken = (c for c in book.clauses("visibility") if isinstance(c, Visibility) and c.of == f"process.{process}")
    return next(spoken, None)


def audience_of(case: Case, book: Book) -> list[str]:
    """Everybody who may see the case, as principals.

    A visibility clause on the process decides; without one the process's `visible_to`; without that, every role that acts in it.
    The owner and whoever holds it now always may, the customer where the process is open to customers.
    Those who acted keep sight where the clause says `handlers`.
    """
    process = book.process(case.process)
    clause = visibility_of(book, case.process)
    listed = clause.to if clause else process.visible_to
    found = _named(case, book, listed) if listed else _actors(case, book)
    if clause and clause.superiors:
        found += superiors_of(case, book, [], [access.role for access in clause.to])
    if case.owner_id:
        found.append(staff_key(case.owner_id))
    if case.customer_id and process.portal:
        found.append(customer_key(case.customer_id))
    kept = [p for p in case.audience if p.startswith("staff:")] if clause is None or clause.handlers else []
    kept = _without_strangers(case, book, kept)
    return sorted({*found, *kept, *case.holders} - {"", SYSTEM, "anonymous"})


def _without_strangers(case: Case, book: Book, people: list[str]) -> list[str]:
    """Those who acted, without people of a partner the case is no longer with: they see their own department's and no other."""
    outside = {role.id for role in book.handbook.roles if role.external and role.places}
    if not people or not outside:
        return people
    rows = Assignment.objects.filter(handbook=book.name, staff_id__in=[int(p.removeprefix("staff:")) for p in people])
    inside: dict[str, bool] = {}
    for number, role, place in rows.values_list("staff_id", "role", "department_id"):
        who = staff_key(number)
        inside[who] = inside.get(who, False) or role not in outside or place == case.department_id
    return [who for who in people if inside.get(who, True)]


def _named(case: Case, book: Book, listed: Iterable[Access]) -> list[str]:
    asked = any(access.when or access.person for access in listed)
    facts = with_named(book, facts_of(case, book)) if asked else {}
    return [_seen_by(case, book, access, facts) for access in listed if holds(access.when, facts)]


def _seen_by(case: Case, book: Book, access: Access, facts: Facts) -> str:
    """Nobody, where it is for a person who is not known, or for those of a department the case is not with."""
    if access.person is not None:
        return str(facts.get(access.person) or "")
    if access.at == "anywhere" or not book.role(access.role).places:
        return role_key(book.name, access.role)
    place = place_of(book, access.role, case.department)
    return "" if place is None else role_key(book.name, access.role, place)


def _actors(case: Case, book: Book) -> list[str]:
    process = book.process(case.process)
    roles = {role for action in process.actions for role in action.by} | {r for s in process.stages for r in s.holder}
    return [resolve(book, role, case.department) for role in sorted(roles - {"customer", "owner", SYSTEM})]
