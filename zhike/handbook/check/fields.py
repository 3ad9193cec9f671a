"""Fields that clauses and actions name exist on the form at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhike.handbook.check.findings import CLAUSES, DEPARTMENTS, FIELDS, OPTIONS, RECORDS, Checker, Path
from zhike.handbook.clauses import Clause, Deadline, Gate, Measure, Sanction, Visibility, Wording
from zhike.handbook.common import Text
from zhike.handbook.source import Item
from zhike.handbook.structure import Action, FieldDef, Process, Record
from zhike.handbook.terms import Requirement

WITH_CHOICES = frozenset({"enum", "multi"})
EXPORT_PURPOSE = FieldDef(id="purpose", title=Text(zh="用途", en="Purpose"), type="string")
"""The form of the product itself that is filled when cases are taken out."""
KEPT_OF_ALL = frozenset({"tier"})
"""What the archive itself keeps of every customer and gives to clauses as `customer.<name>`."""
NOT_OF_A_CUSTOMER = frozenset({"files", "signature", "votes", "id_number", "secret"})
OCCURS_ONCE_FOR = frozenset({"case", "customer", "calendar_day", "calendar_month", "calendar_quarter", "calendar_year"})
"""What a form may occur once for, besides its own fields."""
COUNTS = frozenset({"cases", "clocks", "duties"})


def check_fields(checker: Checker) -> None:
    for record in checker.book.handbook.records:
        _check_record(checker, record)
    _check_customer_records(checker)
    for process in checker.book.handbook.processes:
        for index, action in enumerate(process.actions):
            _check_action(checker, process, action, ("actions", index))
        _check_customer(checker, process)
        _check_repeats(checker, process)
    for clause in checker.clauses:
        _check_clause(checker, clause)


def form_of(checker: Checker, action: Action) -> dict[str, FieldDef]:
    """The fields of the form an action fills, by id; empty where it fills none or the record is unknown."""
    return fields_of(checker, action.record) if action.record else {}


def fields_of(checker: Checker, record_id: str) -> dict[str, FieldDef]:
    """The fields of a record, those of its shared groups included."""
    record = next((one for one in checker.book.handbook.records if one.id == record_id), None)
    if record is None:
        return {}
    groups = checker.book.handbook.groups
    shared = [field for name in record.includes for field in groups.get(name, ())]
    return {field.id: field for field in (*shared, *record.fields)}


def forms_at(checker: Checker, clause: Clause, events: Iterable[str]) -> Iterator[tuple[str, dict[str, FieldDef]]]:
    """(event, form) for every event at which a form is filled."""
    for event in events:
        family, _, rest = event.partition(".")
        if family == "action":
            for process in checker.book.handbook.processes:
                if clause.process in (None, process.id):
                    yield from ((event, form_of(checker, action)) for action in process.actions if action.id == rest)
        elif family == "record":
            yield event, fields_of(checker, rest.rpartition(".")[0])
        elif event == "export.cases":
            yield event, {EXPORT_PURPOSE.id: EXPORT_PURPOSE}


def forms_before(checker: Checker, clause: Clause, events: Iterable[str]) -> Iterator[dict[str, FieldDef]]:
    """Forms whose values are at hand at events that follow an action: a case is opened, a stage entered."""
    for event in events:
        family, _, rest = event.partition(".")
        for process in checker.book.handbook.processes:
            if clause.process in (None, process.id) and family in ("case", "stage"):
                opening = rest == "opened"
                yield from (form_of(checker, action) for action in process.actions if not (opening and action.from_))


def _check_record(checker: Checker, record: Record) -> None:
    item = checker.item("records", record.id)
    fields = fields_of(checker, record.id)
    groups = checker.book.handbook.groups
    for name in record.includes:
        if name not in groups:
            checker.unknown("group-unknown", item, name, groups, FIELDS, path=("includes",), subject=record.id)
    if record.kind == "reference" and record.label is not None and record.label not in fields:
        checker.unknown("field-unknown", item, record.label, fields, FIELDS, path=("label",), subject=record.id)
    once = {*fields, *(OCCURS_ONCE_FOR if record.kind == "form" else ())}
    for known, names in [*((once, names) for names in record.unique), (set(fields), record.complete)]:
        for name in names:
            if name not in known:
                checker.unknown("field-unknown", item, name, known, FIELDS, subject=record.id)
    for index, field in enumerate(record.fields):
        _check_field(checker, record, field, item, ("fields", index))


def _check_customer_records(checker: Checker) -> None:
    """One a handbook, of fields the archive can hold: numbers that are hidden have their place among contacts and identity numbers."""
    found = [record for record in checker.book.handbook.records if record.kind == "customer"]
    for record in found[1:]:
        message = Text(
            zh=f"表单“{record.id}”也是客户自己的资料，一部制度只能有一张。",
            en=f"The record {record.id} is another one about customers; a handbook has at most one.",
        )
        remedy = Text(zh="把字段并到一张里。", en="Put the fields into one.")
        checker.note("customer-record-twice", checker.item("records", record.id), message, remedy, subject=record.id)
    for record in found:
        for index, field in enumerate(record.fields):
            if field.sensitive or field.automatic or field.type in NOT_OF_A_CUSTOMER:
                _note_not_of_a_customer(checker, record, field, index)
            if field.id in KEPT_OF_ALL:
                _note_kept_already(checker, record, field, index)


def _note_not_of_a_customer(checker: Checker, record: Record, field: FieldDef, index: int) -> None:
    message = Text(
        zh=f"字段“{field.id}”不能放在客户资料里：文件、签名、自动填写和脱敏的内容另有地方。",
        en=f"The field {field.id} has no place on a customer's card: files, signatures, automatic and masked fields go elsewhere.",
    )
    remedy = Text(
        zh="号码登记为联系方式或证件号码，文件放进工单。",
        en="Keep numbers as contacts or identity numbers, files in cases.",
    )
    item = checker.item("records", record.id)
    checker.note("customer-field", item, message, remedy, path=("fields", index), subject=record.id)


def _note_kept_already(checker: Checker, record: Record, field: FieldDef, index: int) -> None:
    message = Text(
        zh=f"“{field.id}”是客户档案自己的一项，条款里的 customer.{field.id} 指的是它。",
        en=f"The archive itself keeps {field.id}; customer.{field.id} in a clause is that one.",
    )
    remedy = Text(zh="换一个字段名。", en="Give the field another id.")
    item = checker.item("records", record.id)
    checker.note("customer-field-kept", item, message, remedy, path=("fields", index, "id"), subject=record.id)


def _check_field(checker: Checker, record: Record, field: FieldDef, item: Item, path: Path) -> None:
    options = checker.book.handbook.options
    if field.options is not None and field.options not in options:
        checker.unknown(
            "options-unknown", item, field.options, options, OPTIONS, path=(*path, "options"), subject=record.id
        )
    elif field.type in WITH_CHOICES and not field.choices and field.options is None:
        checker.note(
            "choices-missing",
            item,
            Text(zh=f"选择字段“{field.id}”没有选项。", en=f"The field {field.id} is a choice without choices."),
            Text(zh="写 choices，或用 options 指向一张选项表。", en="Write `choices`, or name a list with `options`."),
            path=path,
            subject=record.id,
        )
    ids = [choice.id for choice in field.choices]
    for name in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        message = Text(zh=f"选项“{name}”写了两次。", en=f"The choice {name} stands twice.")
        remedy = Text(zh="只留一个。", en="Keep one.")
        checker.note("id-twice", item, message, remedy, path=(*path, "choices"), subject=record.id)
    if field.kind is not None and field.type == "department":
        known = {kind.id for kind in checker.book.handbook.departments}
        if field.kind not in known:
            checker.unknown(
                "department-unknown", item, field.kind, known, DEPARTMENTS, path=(*path, "kind"), subject=record.id
            )
    if field.kind is not None and field.type == "record":
        records = {one.id for one in checker.book.handbook.records}
        if field.kind not in records:
            checker.unknown(
                "record-unknown", item, field.kind, records, RECORDS, path=(*path, "kind"), subject=record.id
            )
    _check_fills(checker, record, field, item, path)
    for index, column in enumerate(field.columns):
        _check_field(checker, record, column, item, (*path, "columns", index))


def _check_fills(checker: Checker, record: Record, field: FieldDef, item: Item, path: Path) -> None:
    """Who fills it is said of a whole field that people fill."""
    by_itself = field.fills and (field.automatic or field.computed)
    if not by_itself and not any(column.fills for column in field.columns):
        return
    message = Text(
        zh=f"“{field.id}”写了由谁填，但系统自己填的字段、表格的列不分由谁填。",
        en=f"{field.id} says who fills it, which fields the product fills and columns of a table do not.",
    )
    remedy = Text(zh="把 fills 写在人填的整个字段上。", en="Put `fills` on a whole field that people fill.")
    checker.note("fills-nowhere", item, message, remedy, path=(*path, "fills"), subject=record.id)


def _check_action(checker: Checker, process: Process, action: Action, path: Path) -> None:
    item = checker.item("processes", process.id)
    form = form_of(checker, action)
    if action.department_from is not None:
        found = form.get(action.department_from)
        if found is None:
            departments = [name for name, field in form.items() if field.type == "department"]
            checker.unknown(
                "field-unknown",
                item,
                action.department_from,
                departments,
                FIELDS,
                path=(*path, "department_from"),
                subject=process.id,
            )
        elif found.type != "department":
            checker.note(
                "field-wrong-type",
                item,
                Text(zh=f"“{found.id}”不是部门字段。", en=f"{found.id} is not a field of type department."),
                Text(zh="把它的 type 写成 department。", en="Give it `type: department`."),
                path=(*path, "department_from"),
                subject=process.id,
            )
    if action.owner_from is not None and getattr(form.get(action.owner_from), "type", None) != "staff":
        people = [name for name, field in form.items() if field.type == "staff"]
        checker.unknown(
            "field-unknown",
            item,
            action.owner_from,
            people,
            FIELDS,
            path=(*path, "owner_from"),
            subject=process.id,
        )
    sanctions = {clause.id for clause in checker.clauses if isinstance(clause, Sanction)}
    for key, names in (("confirms", action.confirms), ("revokes", action.revokes)):
        for name in names:
            if name not in sanctions:
                checker.unknown("clause-unknown", item, name, sanctions, CLAUSES, path=(*path, key), subject=process.id)
    if action.opens is not None:
        child = next((one for one in checker.book.handbook.processes if one.id == action.opens.process), None)
        entry = next((one for one in child.actions if one.id == action.opens.action), None) if child else None
        if child is not None and entry is not None:
            targets = form_of(checker, entry) | fields_of(checker, child.record)
            for name in action.opens.copy_fields:
                if name not in targets:
                    checker.unknown(
                        "field-unknown",
                        item,
                        name,
                        targets,
                        FIELDS,
                        path=(*path, "opens", "copy", name),
                        subject=process.id,
                    )


def _check_repeats(checker: Checker, process: Process) -> None:
    """What makes cases the same matter stands on the main form."""
    known = {*fields_of(checker, process.record), "department"}
    for name in process.repeats.same if process.repeats else ():
        if name not in known:
            item = checker.item("processes", process.id)
            checker.unknown("field-unknown", item, name, known, FIELDS, path=("repeats", "same"), subject=process.id)


def _check_customer(checker: Checker, process: Process) -> None:
    """Each field that identifies the customer stands on some form that opens a case."""
    forms = [form_of(checker, action) for action in process.actions if not action.from_]
    known = {name for form in forms for name in form} | set(fields_of(checker, process.record))
    for name in process.customer.values():
        if name not in known:
            item = checker.item("processes", process.id)
            checker.unknown("field-unknown", item, name, known, FIELDS, path=("customer",), subject=process.id)


def _check_clause(checker: Checker, clause: Clause) -> None:
    match clause:
        case Gate():
            named = list(_required_fields(clause.requires, ("requires",)))
            events: tuple[str, ...] = clause.on
        case Wording():
            named = [(("must_state",), name) for name in clause.must_state]
            events = clause.on
        case Measure() if clause.capture:
            own = [] if clause.capture.of else [(("capture", "field"), clause.capture.field)]
            named, events = own, (f"action.{clause.capture.action}",)
            _check_capture(checker, clause)
        case Visibility():
            _check_visibility(checker, clause)
            return
        case Deadline() if clause.extend:
            asked = (*clause.extend.requires, *((clause.extend.to,) if clause.extend.to else ()))
            named, events = [(("extend",), name) for name in asked], clause.extend.asks
        case _:
            return
    for event, form in forms_at(checker, clause, events):
        for path, name in named:
            if name not in form:
                message = Text(
                    zh=f"“{event}”的表单上没有字段“{name}”。", en=f"The form of {event} has no field {name}."
                )
                _note_field(checker, clause, message, name, form, path)


def _check_capture(checker: Checker, clause: Measure) -> None:
    assert clause.capture is not None
    known = {action.id for process in checker.book.handbook.processes for action in process.actions}
    if clause.capture.action not in known:
        from zhike.handbook.check.findings import ACTIONS

        item = checker.item("clauses", clause.id)
        checker.unknown(
            "action-unknown", item, clause.capture.action, known, ACTIONS, path=("capture", "action"), subject=clause.id
        )
    if clause.capture.of is not None:
        form = fields_of(checker, clause.capture.of)
        if clause.capture.field not in form:
            item = checker.item("clauses", clause.id)
            checker.unknown(
                "field-unknown", item, clause.capture.field, form, FIELDS, path=("capture", "of"), subject=clause.id
            )


def _note_field(checker: Checker, clause: Clause, message: Text, name: str, form: Iterable[str], path: Path) -> None:
    from zhike.handbook.problems import suggest

    checker.note_clause("field-unknown", clause, message, suggest(name, form, FIELDS), path)


def _required_fields(required: Requirement, path: Path) -> Iterator[tuple[Path, str]]:
    yield from (((*path, "fields"), name) for name in required.fields)
    yield from (((*path, "one_of_fields"), name) for name in required.one_of_fields)
    yield from (((*path, "signatures"), wanted.field) for wanted in required.signatures)
    yield from (((*path, "includes"), name) for name in required.includes)
    yield from (((*path, "rows"), rows.field) for rows in required.rows)
    if required.quorum:
        yield (*path, "quorum"), required.quorum.field
    for index, alternative in enumerate(required.any_of):
        yield from _required_fields(alternative, (*path, "any_of", index))


def _check_visibility(checker: Checker, clause: Visibility) -> None:
    family, _, name = clause.of.partition(".")
    known = {
        "process": {one.id for one in checker.book.handbook.processes},
        "record": {one.id for one in checker.book.handbook.records},
        "lookup": {one.id for one in checker.book.handbook.records},
    }.get(family)
    item = checker.item("clauses", clause.id)
    if clause.write_once and family != "record":
        message = Text(
            zh=f"填后不改只能说一张表单，“{clause.of}”不是。", en=f"Only a form is written once; {clause.of} is none."
        )
        remedy = Text(zh="把 of 写成 record.<表单>。", en="Give `of` as `record.<form>`.")
        checker.note("write-once-of", item, message, remedy, path=("of",), subject=clause.id)
    if known is not None and name not in known:
        checker.unknown("record-unknown", item, name, known, RECORDS, path=("of",), subject=clause.id)
        return
    if family in ("record", "lookup"):
        fields = fields_of(checker, name)
        for field in (*clause.fields, *clause.topics, *(shown.field for shown in clause.show)):
            if field not in fields:
                checker.unknown("field-unknown", item, field, fields, FIELDS, path=("fields",), subject=clause.id)
