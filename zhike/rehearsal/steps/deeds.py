"""Section 5: what people do."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from zhike.cases.actions import add_note, hand_over_case, open_case
from zhike.cases.asking import take_or_ask
from zhike.cases.models import AskedDeed, Case
from zhike.handbook.structure import Action, Process
from zhike.org.principals import Viewer
from zhike.rehearsal import names
from zhike.rehearsal.steps.cast import rows_of
from zhike.rehearsal.values import content_named, form_values, line_values, store, table_values
from zhike.rehearsal.vocabulary import StepFailed, Table, leading_moment, normalise, step
from zhike.rehearsal.wording import say_as
from zhike.rehearsal.world import World

TAIL = say_as(
    r"((?:,(?:以「[^」]*」|内容「[^」]*」|附上「[^」]*」(?:、「[^」]*」)*|记为「[^」]*」))*)",
    "[，以「…」][，内容「…」][，附上「…」][，记为「…」]",
)


class Tail:
    """The optional parts behind a deed: 以「」, 内容「」, 附上「」, 记为「」."""

    def __init__(self, text: str | None) -> None:
        text = text or ""
        self.action = self._one(text, "以")
        self.contents = re.findall(r"内容「([^」]*)」", text)
        self.name = self._one(text, "记为")
        files = re.search(r"附上((?:「[^」]*」、?)+)", text)
        self.files = re.findall(r"「([^」]*)」", files[1]) if files else []

    @staticmethod
    def _one(text: str, word: str) -> str | None:
        found = re.search(rf"{word}「([^」]*)」", text)
        return found[1] if found else None


@step("<N>建立<N>" + TAIL, deed=True, table=True)
def open_(world: World, person: str, process: str, tail: str, table: Table) -> None:
    parts = Tail(tail)
    typed = _typed(world, parts, table_values(table))
    _open(world, person, names.process(world.book, process), parts, typed)


@step("<N>(?:对<N>)?(?:做|办理)<N>" + TAIL, deed=True, table=True)
def take(world: World, person: str, case: str | None, action: str, tail: str, table: Table) -> None:
    parts = Tail(tail)
    typed = _typed(world, parts, table_values(table))
    found = _case_with_action(world, case, action)
    _take(world, person, found, action, typed, parts)


@step("<N>用旧页面(?:对<N>)?(?:做|办理)<N>" + TAIL, deed=True, table=True)
def take_from_old_page(world: World, person: str, case: str | None, action: str, tail: str, table: Table) -> None:
    parts = Tail(tail)
    found = _case_with_action(world, case, action)
    version = world.versions.get(found.pk, found.version)
    _take(world, person, found, action, _typed(world, parts, table_values(table)), parts, version=version)


@step("依次办理", table=True)
def in_turn(world: World, table: Table) -> None:
    for row in rows_of(table, "人员", "动作", may=("时刻", "事项", "内容")):
        if row.get("时刻"):
            moment, _ = leading_moment(normalise(f"{row['时刻']},-"))
            world.move_to(world.moment(moment or row["时刻"]))
        _one_of_many(world, row)


def _one_of_many(world: World, row: Mapping[str, str]) -> None:
    world.require_no_refusal()
    person, action, matter = row["人员"], row["动作"], row.get("事项") or None
    typed = line_values(row.get("内容", ""), world.contents)
    entry = _entry(world, action, matter)
    if entry is not None:
        _open(world, person, entry[0], Tail(f",以「{entry[1].id}」"), typed)
    else:
        _take(world, person, _case_with_action(world, matter, action), action, typed, Tail(""))


@step("<N>再次提交同一请求")
def again(world: World, person: str) -> None:
    if world.repeat is None:
        raise StepFailed("还没有提交过请求")
    world.repeat(world)


@step("(?:把)?<N>记为<N>")
def name_case(world: World, case: str, name: str) -> None:
    world.named[name] = world.case(case).pk


@step("<N>(?:对<N>)?(写内部备注|写给顾客)<W>", deed=True)
def write_note(world: World, person: str, case: str | None, where: str, words: str) -> None:
    found, viewer = world.case(case), world.viewer(person)
    world.attempt(lambda: add_note(found, words, by=viewer, now=world.now, internal=where == "写内部备注"))


@step("<N>把<N>交给<N>", deed=True)
def hand_over(world: World, person: str, case: str, to: str) -> None:
    found, viewer, receiver = world.case(case), world.viewer(person), world.viewer(to).staff
    if receiver is None:
        raise StepFailed(f"“{to}”不是同事，只能交给“人员：”表里的人", word=to)
    world.attempt(lambda: hand_over_case(found.pk, to=receiver, by=viewer, now=world.now))


def _typed(world: World, parts: Tail, own: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in parts.contents:
        found.update(content_named(name, world.contents))
    return {**found, **own}


def _open(world: World, person: str, process: Process, parts: Tail, typed: Mapping[str, str]) -> None:
    viewer = world.viewer(person)
    action = _entry_action(world, process, parts.action, viewer)
    world.actor = viewer.principal
    values = _values(world, action, typed)
    key, version, files = uuid.uuid4().hex, world.version, _files(world, parts, viewer)
    customer = None
    if viewer.principal.startswith("customer:"):
        from zhike.customers.models import Customer

        customer = Customer.objects.get(pk=int(viewer.principal.partition(":")[2]))
    source = "portal" if viewer.staff is None else "desk"

    def deed(world: World) -> Case:
        return open_case(
            version,
            process.id,
            action.id,
            values,
            by=viewer,
            now=world.now,
            key=key,
            attachments=files,
            customer=customer,
            source=source,
        )

    _do(world, deed, parts)


def _take(
    world: World,
    person: str,
    case: Case,
    action: str,
    typed: Mapping[str, str],
    parts: Tail,
    version: int | None = None,
) -> None:
    viewer = world.viewer(person)
    found = names.actions(world.book, case.process, action)[0]
    world.actor = viewer.principal
    values, key, files = _values(world, found, typed), uuid.uuid4().hex, _files(world, parts, viewer)
    before = case.version

    def deed(world: World) -> Case:
        done = take_or_ask(
            case.pk, found.id, values, by=viewer, now=world.now, version=version, key=key, attachments=files
        )  # fmt: skip
        return done.case if isinstance(done, AskedDeed) else done

    done = _do(world, deed, parts)
    if done is not None:
        world.versions[case.pk] = before


def _do(world: World, deed: Callable[[World], Case], parts: Tail) -> Case | None:
    done: Case | None = world.attempt(lambda: deed(world))
    world.repeat = deed
    if done is not None:
        world.touch(done)
        if parts.name:
            world.named[parts.name] = done.pk
    return done


def _values(world: World, action: Action, typed: Mapping[str, str]) -> dict[str, Any]:
    if action.record is None:
        if typed:
            raise StepFailed(f"“{action.title.zh}”不填表单，请去掉表格和内容")
        return {}
    return form_values(world, world.book.record(action.record), typed)


def _files(world: World, parts: Tail, viewer: Viewer) -> list[str]:
    return [store(world, name, viewer.principal) for name in parts.files]


def _entry_action(world: World, process: Process, text: str | None, viewer: Viewer) -> Action:
    listed = world.book.entry_actions(process.id)
    if text is not None:
        return names.pick(text, listed, f"“{process.title.zh}”的建单动作")
    role = "customer" if viewer.staff is None else None
    mine = [a for a in listed if (role in a.by if role else any(viewer.in_role(world.book.name, r) for r in a.by))]
    if len(mine) == 1:
        return mine[0]
    if len(listed) == 1:
        return listed[0]
    raise StepFailed(f"“{process.title.zh}”有几种建单动作，请写“以「…」”：{'、'.join(a.title.zh for a in listed)}")


def _entry(world: World, action: str, matter: str | None) -> tuple[Process, Action] | None:
    """(process, action) where the name is an entry action, of the process named in 事项 where given."""
    for process in world.book.handbook.processes:
        if matter and not names.matches(matter, process):
            continue
        for entry in world.book.entry_actions(process.id):
            if names.matches(action, entry):
                return process, entry
    return None


def _case_with_action(world: World, case: str | None, action: str) -> Case:
    def fits(candidate: Case) -> bool:
        return any(a.from_ for a in names.actions(world.book, candidate.process, action))

    known = [one.title.zh for process in world.book.handbook.processes for one in process.actions]
    if not any(names.matches(action, one) for process in world.book.handbook.processes for one in process.actions):
        raise StepFailed(names.not_among(action, "动作", known), word=action)
    found = world.case_where(case, fits, f"动作“{action}”")
    if not names.actions(world.book, found.process, action):
        process = world.book.process(found.process)
        titles = [one.title.zh for one in process.actions]
        raise StepFailed(names.not_among(action, f"“{process.title.zh}”的动作", titles), word=action)
    return found
