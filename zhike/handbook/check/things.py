"""What is frozen can be told from others of its kind, can be released again, and gates that ask about it say what they ask."""

from __future__ import annotations

from zhike.handbook.check.fields import fields_of
from zhike.handbook.check.findings import FIELDS, Checker, Path, walk
from zhike.handbook.check.names import parts
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Effect, Model, Text, models_in
from zhike.handbook.source import Item
from zhike.handbook.terms import Requirement

NAMING = frozenset(
    {"string", "text", "int", "phone", "email", "enum", "department", "staff", "customer", "case", "record"}
)
"""Types of fields whose value names one thing."""


def check_things(checker: Checker) -> None:
    fields = {
        name: field for record in checker.book.handbook.records for name, field in fields_of(checker, record.id).items()
    }
    known = {"customer", *(name for name, field in fields.items() if field.type in NAMING)}
    released = {effect.unfreeze for effect in models_in(checker.book.handbook, Effect) if effect.unfreeze}
    for _, item, model in parts(checker):
        for path, value in walk(model):
            if isinstance(value, Effect):
                for key, name in (("freeze", value.freeze), ("unfreeze", value.unfreeze)):
                    if name is not None:
                        _check_known(checker, name, known, item, (*path, key), model)
                if value.freeze is not None and value.freeze in known - released:
                    _note_no_end(checker, value.freeze, item, (*path, "freeze"), model)
            if isinstance(value, Gate):
                _check_gate(checker, value, known, item)


def _check_known(checker: Checker, name: str, known: set[str], item: Item, path: Path, model: Model) -> None:
    if name not in known:
        subject = str(getattr(model, "id", ""))
        checker.unknown("field-unknown", item, name, known, FIELDS, path=path, subject=subject)


def _note_no_end(checker: Checker, name: str, item: Item, path: Path, model: Model) -> None:
    checker.note(
        "freeze-no-end",
        item,
        Text(zh=f"“{name}”冻结后没有办法解冻。", en=f"Nothing releases {name} once it is frozen."),
        Text(
            zh=f"在一个动作的 notify 里写 unfreeze: {name}，或让某条款的后果解冻它。",
            en=f"Write `unfreeze: {name}` in the `notify` of an action, or among what follows from a clause.",
        ),
        path=path,
        subject=str(getattr(model, "id", "")),
    )


def _check_gate(checker: Checker, gate: Gate, known: set[str], item: Item) -> None:
    asks = any("open_hold" in one.facts for one in models_in(gate.requires, Requirement))
    if gate.scope is not None:
        _check_known(checker, gate.scope, known, item, ("scope",), gate)
    if asks == (gate.scope is not None):
        return
    words = (
        Text(zh="问了 open_hold，没有写按什么看。", en="It asks for `open_hold` and does not say of what.")
        if asks
        else Text(zh="写了 scope，没有问 open_hold。", en="It has a `scope` and does not ask for `open_hold`.")
    )
    remedy = Text(
        zh="scope 和 requires: {facts: {open_hold: {ne: true}}} 一起写。",
        en="Write `scope` together with `requires: {facts: {open_hold: {ne: true}}}`.",
    )
    checker.note("scope-incomplete", item, words, remedy, path=("requires",), subject=gate.id)
