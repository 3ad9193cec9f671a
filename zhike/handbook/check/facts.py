"""Facts that conditions name exist, and the values they are compared with are possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from zhike.handbook.book import ending_events, starting_events
from zhike.handbook.catalogue import FACTS as CATALOGUE
from zhike.handbook.catalogue import FILLING_FACTS, POPULATION_FACTS, POPULATIONS, ROW_FACTS, is_known_fact
from zhike.handbook.check.fields import fields_of, form_of, forms_at, forms_before
from zhike.handbook.check.findings import FACTS, RECORDS, VALUES, Checker, Path, walk
from zhike.handbook.clauses import Clause, ClauseBase, Count, Duty, Route, Tariff
from zhike.handbook.common import OtherFact, Scalar, Test, Text
from zhike.handbook.problems import suggest
from zhike.handbook.source import MANIFEST, Item
from zhike.handbook.structure import Action, FieldDef, Process

Fields = Mapping[str, FieldDef | None]
"""Known names with the field they are, or None for a fact that is no field."""


def check_facts(checker: Checker) -> None:
    for clause in checker.clauses:
        _check_clause(checker, clause)
    for process in checker.book.handbook.processes:
        item = checker.item("processes", process.id)
        for index, action in enumerate(process.actions):
            known = known_facts(checker, process, action)
            _check_conditions(checker, action, known, item, ("actions", index), process.id)
    for record in checker.book.handbook.records:
        known = _process_facts(checker, None)
        known |= fields_of(checker, record.id)
        _check_conditions(checker, record, known, checker.item("records", record.id), (), record.id)
    _check_named(checker)
    for indicator in checker.book.handbook.indicators:
        item = checker.item("indicators", indicator.id)
        for path, value in walk(indicator):
            if isinstance(value, Count):
                _check_count(checker, value, item, path, indicator.id)


def _check_named(checker: Checker) -> None:
    """What a fact is put together from exists; a field stands on some form."""
    known = _process_facts(checker, None)
    for process in checker.book.handbook.processes:
        known |= fields_of(checker, process.record)
    item = Item(None, MANIFEST, 0)
    for index, fact in enumerate(checker.book.handbook.facts):
        _check_conditions(checker, fact, known, item, ("facts", index), fact.name)
        for name in fact.first_of:
            _check_fact(checker, name, known, item, ("facts", index, "first_of"), fact.name)


def known_facts(checker: Checker, process: Process | None, action: Action | None = None) -> dict[str, FieldDef | None]:
    """Every fact a condition about this process may name: the form at hand, the main record, all records, the parent,
    the catalogue.
    """
    known = _process_facts(checker, process)
    if process is not None:
        known |= fields_of(checker, process.record)
    if action is not None:
        known |= form_of(checker, action)
    return known


def _process_facts(checker: Checker, process: Process | None) -> dict[str, FieldDef | None]:
    book = checker.book.handbook
    known: dict[str, FieldDef | None] = {declared.name: None for declared in book.facts}
    for record in book.records:
        begins = "customer" if record.kind == "customer" else record.id
        known |= {f"{begins}.{name}": field for name, field in fields_of(checker, record.id).items()}
    for about in book.processes:
        if about.person is not None:
            fields = {name: field for name, field in known.items() if "." in name and not name.startswith("parent.")}
            known |= {f"{about.id}.{name}": field for name, field in fields.items()}
    parents = [one for one in book.processes if process is not None and one.id == process.related]
    for parent in parents or ([] if process is not None else book.processes):
        own = known | fields_of(checker, parent.record)
        known |= {f"parent.{name}": field for name, field in own.items() if not name.startswith("parent.")}
    return known


def _check_clause(checker: Checker, clause: Clause) -> None:
    item = checker.item("clauses", clause.id)
    _check_applies(checker, clause, item)
    process_id = checker.book.process_of(clause)
    process = next((one for one in checker.book.handbook.processes if one.id == process_id), None)
    known = known_facts(checker, process)
    if process is None:
        for one in checker.book.handbook.processes:
            # A field of a case's form does not say what a fact of a conversation may be.
            known |= {name: field for name, field in fields_of(checker, one.record).items() if not is_known_fact(name)}
    for _, form in forms_at(checker, clause, starting_events(clause) + ending_events(clause)):
        known |= form
    for form in forms_before(checker, clause, starting_events(clause)):
        known |= form
    if isinstance(clause, Duty) and clause.owed_for not in POPULATIONS:
        records = {record.id for record in checker.book.handbook.records}
        if clause.owed_for not in records:
            checker.unknown(
                "population-unknown",
                item,
                clause.owed_for,
                POPULATIONS | records,
                RECORDS,
                path=("for",),
                subject=clause.id,
            )
    if isinstance(clause, Duty):
        known |= fields_of(checker, clause.owed_for)
        known |= dict.fromkeys(POPULATION_FACTS.get(clause.owed_for, ()))
        for record in checker.book.handbook.records:
            known |= (
                fields_of(checker, record.id)
                if record.kind == "customer" and clause.owed_for in ("customer", "member")
                else {}
            )
    if isinstance(clause, Route):
        _check_table(checker, clause, clause.by, set(clause.table), bool(clause.other), known)
    if isinstance(clause, Tariff) and isinstance(clause.base, dict):
        _check_table(checker, clause, clause.by, set(clause.base), clause.other is not None, known)
    _check_conditions(checker, clause, known, item, (), clause.id)
    for path, value in walk(clause):
        if isinstance(value, Count):
            _check_count(checker, value, item, path, clause.id)


def _check_applies(checker: Checker, clause: ClauseBase, item: Item) -> None:
    known = {parameter.id for parameter in checker.book.handbook.parameters}
    for name in clause.applies:
        if name not in known:
            from zhike.handbook.check.findings import PARAMETERS

            checker.unknown(
                "parameter-unknown", item, name, known, PARAMETERS, path=("applies", name), subject=clause.id
            )


def _check_table(
    checker: Checker, clause: Clause, by: str | None, rows: set[str], has_other: bool, known: Fields
) -> None:
    """A table by a choice has a row for every choice that can be met, or one for all others, and no row for what cannot be chosen."""
    if by is None:
        if rows:
            checker.note_clause(
                "table-without-fact",
                clause,
                Text(
                    zh="有表，但没有用 by 写明按哪个事实查。",
                    en="There is a table but no `by` to say which fact is looked up.",
                ),
                Text(zh="写 by: <字段>。", en="Write `by: <field>`."),
            )
        return
    values = domain_of(checker, by, known)
    if values is None:
        return
    names = {_as_row(value) for value in values if value is not None}
    for row in sorted(rows - names):
        checker.unknown(
            "value-unknown",
            checker.item("clauses", clause.id),
            row,
            names,
            VALUES,
            path=("table", row),
            subject=clause.id,
        )
    test = clause.when.get(by)
    met = [
        value for value in values if value is not None and (test is None or test.references or test.check(value, {}))
    ]
    missing = sorted({_as_row(value) for value in met} - rows)
    if missing and not has_other:
        checker.note_clause(
            "table-incomplete",
            clause,
            Text(
                zh=f"表里缺少“{by}”的取值：{'、'.join(missing)}。",
                en=f"The table lacks these values of {by}: {', '.join(missing)}.",
            ),
            Text(zh="补上这些行，或写 other。", en="Add these rows, or an `other`."),
        )


def _as_row(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_conditions(checker: Checker, model: object, known: Fields, item: Item, path: Path, subject: str) -> None:
    for inner, name, test in conditions_in(model):
        where = (*path, *inner, name)
        _check_fact(checker, name, known, item, where, subject)
        for reference in test.references:
            if isinstance(reference, OtherFact):
                _check_fact(checker, reference.fact, known, item, where, subject)
        _check_values(checker, name, test, known, item, where, subject)


def conditions_in(model: object) -> Iterator[tuple[Path, str, Test]]:
    """(path of the condition, fact, test) for every condition in a model; counts and parameters have facts of their
    own.
    """
    skipped: list[Path] = []
    for path, value in walk(model):
        if isinstance(value, Count) or (path and path[-1] in ("applies", "qualified", "requires_row")):
            skipped.append(path)
        if isinstance(value, dict) and value and not any(path[: len(one)] == one for one in skipped):
            tests = {name: test for name, test in value.items() if isinstance(test, Test)}
            yield from ((path, name, test) for name, test in tests.items())


def _check_fact(checker: Checker, name: str, known: Fields, item: Item, path: Path, subject: str) -> None:
    bare = name.removeprefix("parent.")
    if name in known or is_known_fact(bare) or name.startswith("param."):
        if bare.startswith("case.taken."):
            _check_taken(checker, bare.removeprefix("case.taken."), item, path, subject)
        return
    names = [*known, *(fact.name for fact in CATALOGUE if "*" not in fact.name)]
    checker.unknown("fact-unknown", item, name, names, FACTS, path=path, subject=subject)


def _check_taken(checker: Checker, action: str, item: Item, path: Path, subject: str) -> None:
    known = {one.id for process in checker.book.handbook.processes for one in process.actions}
    if action not in known:
        from zhike.handbook.check.findings import ACTIONS

        checker.unknown("action-unknown", item, action, known, ACTIONS, path=path, subject=subject)


def _check_values(checker: Checker, name: str, test: Test, known: Fields, item: Item, path: Path, subject: str) -> None:
    """A choice is compared only with what can be chosen, a yes-or-no only with true and false."""
    domain = domain_of(checker, name, known)
    if domain is None:
        return
    named = [test.eq, test.ne, *(test.one_of or ()), *(test.none_of or ())]
    for value in named:
        if value is not None and isinstance(value, str | int | float | bool) and value not in domain:
            choices = [str(one) for one in domain if one is not None]
            message = Text(zh=f"“{name}”不会是“{value}”。", en=f"{name} is never {value!r}.")
            checker.note(
                "value-unknown", item, message, suggest(str(value), choices, VALUES), path=path, subject=subject
            )


def domain_of(checker: Checker, name: str, known: Fields) -> frozenset[Scalar] | None:
    """Every value a fact can have (without "nothing"), or None where that is not known."""
    field = known.get(name)
    declared = next((fact for fact in checker.book.handbook.facts if fact.name == name), None)
    if declared is not None and declared.choices:
        return frozenset(declared.choices)
    if declared is not None and declared.any_of:
        return frozenset({True, False})
    if field is not None and field.type == "bool":
        return frozenset({True, False})
    if field is not None and field.type == "enum":
        try:
            return frozenset(choice.id for choice in checker.book.choices(field))
        except KeyError:
            return None
    return None


def _check_count(checker: Checker, count: Count, item: Item, path: Path, subject: str) -> None:
    records = {record.id for record in checker.book.handbook.records}
    if count.count not in records and count.count not in ROW_FACTS:
        checker.unknown(
            "record-unknown",
            item,
            count.count,
            records | set(ROW_FACTS),
            RECORDS,
            path=(*path, "count"),
            subject=subject,
        )
        return
    known = set(_row_facts(checker, count))
    for name, test in count.where.items():
        if name not in known and not is_known_fact(name):
            checker.unknown("fact-unknown", item, name, known, FACTS, path=(*path, "where", name), subject=subject)
        elif count.count in records:
            fields: dict[str, FieldDef | None] = dict(fields_of(checker, count.count))
            _check_values(checker, name, test, fields, item, (*path, "where", name), subject)
        if name == "clause":
            _check_counted_clauses(checker, test, item, (*path, "where", name), subject)


def _check_counted_clauses(checker: Checker, test: Test, item: Item, path: Path, subject: str) -> None:
    from zhike.handbook.check.findings import CLAUSES

    known = {clause.id for clause in checker.clauses}
    for value in (test.eq, *(test.one_of or ())):
        if isinstance(value, str) and value not in known:
            checker.unknown("clause-unknown", item, value, known, CLAUSES, path=path, subject=subject)


def _row_facts(checker: Checker, count: Count) -> Iterable[str]:
    yield from ROW_FACTS.get(count.count, FILLING_FACTS)
    yield from (declared.name for declared in checker.book.handbook.facts)
    if count.count == "cases":
        processes = checker.book.handbook.processes
        for process in processes:
            if count.process in (None, process.id):
                yield from fields_of(checker, process.record)
                yield from known_facts(checker, process)
    else:
        yield from fields_of(checker, count.count)


__all__ = ["check_facts", "conditions_in", "domain_of", "known_facts"]
