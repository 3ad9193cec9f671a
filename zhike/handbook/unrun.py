"""What a sound handbook says that the product does not carry out: events nothing reports, lists nobody keeps, keys that are only kept.

Such a handbook is installed and everything else in it runs; the check and the handbook's page say of each clause what does not. A key
leaves `KEPT_ONLY`, and an event enters `REPORTED`, together with the code that runs it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Literal
from weakref import WeakKeyDictionary

from zhike.handbook.book import Book, starting_events
from zhike.handbook.catalogue import POPULATION_FACTS, ROW_FACTS
from zhike.handbook.clauses import Clause, Deadline, Duty, Gate, Measure, Route, Sanction, Visibility, Wording
from zhike.handbook.common import Effect, Model, Text, models_in
from zhike.handbook.structure import Record, Role
from zhike.handbook.terms import Requirement

REPORTED: dict[str, frozenset[str]] = {
    "case": frozenset({"opened", "closed", "reopened", "merged", "split"}),
    "conversation": frozenset(
        {
            "opening", "opened", "queued", "offered", "offer_ended", "accepting", "accepted", "asked", "question", "answering",
            "answered", "first_answered", "told", "corrected", "noting", "recording", "transferring", "transferred", "covering",
            "covered", "colleague_back", "closed", "survey_asked", "rated", "became_case", "overflowed", "returned", "stranded",
            "waited_out",
        }
    ),
    "shift": frozenset({"ended"}),
    "rank": frozenset({"daily", "weekly", "monthly", "quarterly", "yearly"}),
    "sms": frozenset({"sending"}),
    "export": frozenset({"cases"}),
}  # fmt: skip
"""Of the families of other rooms the events that really come; a family in neither list is reported by nothing yet."""

ALWAYS = frozenset({"action", "stage", "clock", "duty", "record", "lookup", "finding", "presence"})
"""Families of which every event the check lets pass is reported."""

EVENT_KEYS: dict[type[Model], tuple[str, ...]] = {
    Deadline: ("starts", "until", "until_all", "pauses", "resumes", "voids"),
    Duty: ("starts", "owes"),
    Gate: ("on",),
    Route: ("on",),
    Wording: ("on",),
    Sanction: ("on",),
}


def _kept_only(*rows: tuple[str, str, str]) -> dict[str, Text]:
    return {name: Text(zh=zh, en=en) for name, zh, en in rows}


KEPT_ONLY: dict[str, Text] = _kept_only(
    ("Duty.to_each", "对每一位分别办理", "that it is owed to each of several"),
    ("Duty.continuous", "全程持续保持", "that it holds throughout the period"),
    ("Duty.list_due", "名单由谁在何时交齐", "who hands in the list, and by when"),
    ("Route.skip", "轮到时跳过谁", "who is passed over"),
    ("Measure.target_fact", "以另一项数字为目标", "a target that is itself a figure"),
    ("Measure.weight", "在别处占多大份额", "what it weighs elsewhere"),
    ("Measure.restated", "往期数字不再改动", "that a closed period's figure stays"),
    ("Sanction.not_from", "不得作为依据的证据", "evidence it may not rest on"),
    ("Confirm.viewed_by_person", "当事人先看过", "that the person concerned has seen it first"),
    ("Appeal.silence", "申诉无人答复怎么算", "what silence after an appeal means"),
    ("Party.same_as", "与另一人同罚", "a sanction equal to somebody else's"),
    ("Visibility.needs", "经同意后开放", "that consent opens it"),
    ("Visibility.shall", "必须让谁看得到", "that somebody must be able to see it"),
    ("Visibility.fresh_within", "多久之内更新", "how soon it is brought up to date"),
    ("Record.copies", "副本存放在哪里", "where a copy is kept"),
    ("Role.requires", "担任岗位的条件", "what a person must be to act in it"),
    ("Role.relation", "由一项事实指定谁担任", "that a fact names who plays it"),
    ("Role.collective", "集体表决", "that it is a body that votes"),
    ("Wording.script", "话术脚本的走法", "the path of a script"),
    ("Wording.shows", "届时要显示的资料", "facts that must be shown"),
    ("Wording.ask", "要问的问题", "a question to ask"),
    ("Wording.answers", "问题的几种回答", "what each answer leads to"),
    ("Check.turns", "谁先说谁后说", "who speaks in which order"),
    ("Wording.baseline", "与本人平时相比", "a comparison with the person's own average"),
    ("Step.discloses", "核实身份前不说", "that it is not said before identity is confirmed"),
    ("Wording.check", "通话语速、音量等的检查", "checks of speech"),
    ("Tariff.floor", "一段时间的最低收费", "a least total over a period"),
    ("Over.warn_at", "接近上限时提醒", "a warning before the amount is reached"),
    ("Effect.retry", "自动重试", "to try again"),
    ("Effect.void", "使预约或承诺失效", "to void a booking or a promise"),
    ("Effect.indicator", "计入某项指标", "an indicator that counts it"),
)
"""`<Model>.<key>` -> what it says, for keys that are read, shown and compared, and not carried out."""

CASES_ALONE: dict[str, Text] = {
    "apply": Text(
        zh="接着适用其他条款（只在工单上办得到）", en="that other clauses follow, which is done with cases alone"
    ),
    "reassign": Text(
        zh="改派给另一岗位（只在工单上办得到）", en="to give it to another role, which is done with cases alone"
    ),
    "reopen": Text(zh="重新打开（只在工单上办得到）", en="to open again, which is done with cases alone"),
    "freeze": Text(zh="冻结（只在工单上办得到）", en="to freeze, which is done with cases alone"),
    "unfreeze": Text(zh="解冻（只在工单上办得到）", en="to unfreeze, which is done with cases alone"),
}
"""Effects carried out where they follow from a limit, a duty or an action of a case, and nowhere else."""

AFTER_AN_ATTEMPT = frozenset(
    {"notify", "finding", "opens", "log", "owe", "act", "deem", "reassign", "reopen", "freeze", "unfreeze", "apply"}
)
"""Effects carried out when a gate refuses something in a case that is there."""

AFTER_AN_ENTRY = frozenset({"notify", "finding", "opens", "log"})
"""Effects carried out where no case is at hand: a gate refuses to open one, somebody looks something up."""

FOLLOWING = {"case": AFTER_AN_ATTEMPT, "entry": AFTER_AN_ENTRY, "talk": AFTER_AN_ENTRY | {"owe", "requeue"}}
"""Where something is refused -> the effects of a gate that are carried out."""

TALKED = frozenset(
    {
        "conversation.accepting", "conversation.answering", "conversation.noting", "conversation.transferring",
        "conversation.covering", "conversation.closed",
    }
)  # fmt: skip
"""What people do in a conversation that a gate can refuse."""

IN_A_CASE = frozenset({"stage", "holder", "department", "recipients"})
"""What routes of cases yield that leads to somebody."""

WATCHED = {"process": AFTER_AN_ATTEMPT, "lookup": AFTER_AN_ENTRY, "page_trail": AFTER_AN_ENTRY}
"""Of what a visibility clause is about, that where a look it does not allow has consequences, and which."""

WITHOUT_CASES = ("conversation.", "presence.", "sms.", "shift.")
"""Families of events whose subject is no case."""

UNCOUNTED = frozenset(ROW_FACTS) - {"cases", "clocks", "duties", "conversations", "answers"}
"""Sets of rows that measures may name and nothing fills yet."""

_known: WeakKeyDictionary[Book, dict[str, tuple[Text, ...]]] = WeakKeyDictionary()


def unrun_of(book: Book) -> dict[str, tuple[Text, ...]]:
    """Clause -> what of it is not carried out, in a sentence each; clauses that run wholly are left out."""
    found = _known.get(book)
    if found is None:
        each = {clause.id: tuple(_sentences(book, clause)) for clause in book.clauses()}
        found = _known[book] = {name: said for name, said in each.items() if said}
    return found


def _sentences(book: Book, clause: Clause) -> Iterator[Text]:
    silent = list(dict.fromkeys(event for event in _events(clause) if not is_reported(event)))
    if silent:
        names = "、".join(silent)
        yield Text(
            zh=f"现在还没有什么会报告“{names}”，要等到有了来源才执行。",
            en=f"Nothing reports {', '.join(silent)} yet; this runs once something does.",
        )
    if isinstance(clause, Gate) and any(one.approvals for one in models_in(clause, Requirement)):
        deaf = [event for event in clause.on if not _takes_consent(book, clause, event)]
        if deaf:
            names = "、".join(deaf)
            yield Text(
                zh=f"批准链（approvals）在导出和已有工单的动作上办得到，在“{names}”一律拒绝；请把各人的批准写成动作，"
                "用 case.taken.<动作> 作条件。",
                en="A chain of `approvals` can be given for exports and for actions on a case that is there, and refuses "
                f"{', '.join(deaf)}; make each consent an action and ask for `case.taken.<action>`.",
            )
    if isinstance(clause, Gate) and (clause.finding or clause.effects or clause.send_to):
        yield from _not_followed(book, clause)
    if isinstance(clause, Route) and clause.otherwise:
        yield from _odd_effects([one.verb for one in clause.otherwise if one.verb], _after_a_lack(clause))
    if isinstance(clause, Visibility) and clause.effects:
        carried = WATCHED.get(clause.of.partition(".")[0], frozenset())
        yield from _odd_effects([one.verb for one in clause.effects if one.verb], carried)
    if isinstance(clause, Duty) and _has_no_list(book, clause):
        yield Text(
            zh=f"系统没有保管“{clause.owed_for}”的名单，也没有写从何时起欠，所以不会自动欠下。",
            en=f"The product keeps no list of every {clause.owed_for}, and nothing is named that makes it owed: it is never owed.",
        )
    if isinstance(clause, Measure) and (rows := _uncounted(clause)):
        yield Text(
            zh=f"系统还没有“{rows}”的数据，这项指标没有数字。", en=f"There are no {rows} to count yet: no figure."
        )
    kept = list(dict.fromkeys(_kept(clause)))
    if kept:
        yield _only_kept(kept)


def _takes_consent(book: Book, clause: Gate, event: str) -> bool:
    """Whether somebody can ask for it and wait: exports, and actions of staff on a case that exists."""
    if event == "export.cases":
        return True
    family, _, name = event.partition(".")
    processes = [one for one in book.handbook.processes if clause.process in (None, one.id)]
    found = [action for one in processes for action in one.actions if action.id == name]
    return family == "action" and bool(found) and all(action.from_ for action in found)


def _not_followed(book: Book, clause: Gate) -> Iterator[Text]:
    """What of the finding and the effects of a gate never comes about."""
    if clause.otherwise in ("flag", "skip"):
        yield Text(
            zh="这条准入不拒绝（flag、skip），finding、effects 和 send_to 不会发生。",
            en="This gate refuses nothing (`flag`, `skip`): its `finding`, `effects` and `send_to` never come about.",
        )
        return
    places = {event: _refused_in(book, clause, event) for event in clause.on}
    deaf = [event for event, place in places.items() if not place]
    if deaf:
        names = "、".join(deaf)
        yield Text(
            zh=f"“{names}”被拒绝后，finding、effects 和 send_to 不会发生。",
            en=f"`finding`, `effects` and `send_to` do not come about when {', '.join(deaf)} is refused.",
        )
        return
    carried = frozenset.intersection(*(FOLLOWING[place] for place in places.values()))
    yield from _odd_effects([one.verb for one in clause.effects if one.verb], carried)
    queues = {queue.id for queue in book.handbook.queues}
    wrong = {
        place for place in places.values() if place == "entry" or (place == "talk") != queues.issuperset(clause.send_to)
    }
    if clause.send_to and wrong:
        yield Text(
            zh="工单转给岗位，会话转到队列；建立工单被拒绝时没有工单可转（send_to）。",
            en="A case goes to a role, a conversation to a queue; where a case is not opened there is none to send on (`send_to`).",
        )


def _refused_in(book: Book, clause: Gate, event: str) -> str:
    """Where what follows from its refusal is carried out: "case", "entry", "talk", or "" for nowhere."""
    if event in TALKED or (event.startswith("record.") and event.endswith(".complete")):
        return "talk"
    if not event.startswith(("action.", "case.")):
        return ""
    return "entry" if _opens(book, clause, event) else "case"


def _after_a_lack(clause: Route) -> Collection[str]:
    """The effects of `otherwise` that are carried out: of a case that nobody has, of a conversation that nobody can take."""
    if clause.yields in IN_A_CASE and all(event.startswith("action.") for event in clause.on):
        return AFTER_AN_ATTEMPT - {"act"}
    waits = clause.yields == "agent" and clause.on == ("conversation.queued",)
    return AFTER_AN_ENTRY | {"owe"} if waits else frozenset()


def _odd_effects(named: Iterable[str], carried: Collection[str]) -> Iterator[Text]:
    odd = [name for name in dict.fromkeys(named) if name not in carried]
    if odd:
        yield Text(
            zh=f"被拒绝后，这些后果办不到：{'、'.join(odd)}。",
            en=f"When it is refused these effects are not carried out: {', '.join(odd)}.",
        )


def _opens(book: Book, clause: Gate, event: str) -> bool:
    """Whether the event is an action that opens a case."""
    processes = [one for one in book.handbook.processes if clause.process in (None, one.id)]
    found = [action for one in processes for action in one.actions if f"action.{action.id}" == event]
    return bool(found) and not any(action.from_ for action in found)


def _events(clause: Clause) -> Iterator[str]:
    for key in EVENT_KEYS.get(type(clause), ()):
        value = getattr(clause, key)
        yield from (value,) if isinstance(value, str) else value
    due = getattr(clause, "due", None)
    if due is not None and due.event is not None:
        yield due.event


def is_reported(event: str) -> bool:
    """Whether something in the product says that it happened."""
    family, _, rest = event.partition(".")
    return family in ALWAYS or rest in REPORTED.get(family, ())


def _has_no_list(book: Book, clause: Duty) -> bool:
    if clause.starts or clause.owed_for == "case" or clause.owed_for in POPULATION_FACTS or clause.every == "event":
        return False
    return not any(effect.owe == clause.id for one in book.clauses() for effect in models_in(one, Effect))


def _uncounted(clause: Measure) -> str:
    counts = [one.count for one in (clause.numerator, clause.denominator) if one is not None]
    counts += [clause.value.of] if clause.value is not None else []
    return "、".join(dict.fromkeys(name for name in counts if name in UNCOUNTED))


def unrun_parts(book: Book) -> list[tuple[Literal["records", "roles"], Record | Role, Text]]:
    """Forms and roles of which something is only kept, with the sentence that says it."""
    parts: list[tuple[Literal["records", "roles"], Record | Role]] = [("records", one) for one in book.handbook.records]
    parts += [("roles", one) for one in book.handbook.roles]
    return [(part, one, _only_kept(kept)) for part, one in parts if (kept := list(dict.fromkeys(_kept(one))))]


def _only_kept(kept: list[Text]) -> Text:
    return Text(
        zh=f"只记录、不自动执行：{'、'.join(text.zh for text in kept)}。",
        en=f"Kept, but not carried out: {'; '.join(text.say('en') for text in kept)}.",
    )


DELETED = ("process", "record", "conversation", "page_trail")
"""Of what a visibility clause is about, that which is deleted when its time of keeping is over (zhike/keeping)."""


def _is_left_alone(part: Model) -> bool:
    """Whether the time of keeping is named of something that nothing deletes: directories, cards of customers, the archive."""
    if isinstance(part, Visibility):
        return part.keep is not None and part.of.partition(".")[0] not in DELETED
    return isinstance(part, Record) and part.keep is not None and part.kind != "form"


def _kept(part: Model) -> Iterator[Text]:
    for model in models_in(part, Model):
        for key, words in _keys_of(type(model)):
            default = type(model).model_fields[key].get_default(call_default_factory=True)
            if getattr(model, key) != default:
                yield words
    yield from _elsewhere(part)
    if _is_left_alone(part):
        yield Text(zh="保存期满后的删除", en="deletion when the time of keeping is over")
    if isinstance(part, Record) and part.kind == "customer" and part.unique:
        yield Text(zh="顾客资料只能有一份的检查", en="that a customer's card occurs only once")
    if isinstance(part, Visibility) and part.of.startswith("process.") and (part.fields or part.show):
        yield Text(zh="在工单页上只遮部分字段", en="hiding single fields on the page of a case")


def _elsewhere(part: Model) -> Iterator[Text]:
    """Effects that only cases carry out, of clauses that are about something else."""
    carried = {id(effect) for effect in _carried_by_cases(part)}
    for effect in models_in(part, Effect):
        if effect.verb in CASES_ALONE and id(effect) not in carried:
            yield CASES_ALONE[effect.verb]


def _carried_by_cases(part: Model) -> Iterator[Effect]:
    """What follows from the clause for a case."""
    if isinstance(part, Gate | Visibility | Route):
        yield from part.otherwise if isinstance(part, Route) else part.effects
        return
    if isinstance(part, Sanction):
        yield from models_in(part, Effect)
        return
    if not isinstance(part, Deadline | Duty) or (isinstance(part, Duty) and part.owed_for != "case"):
        return
    if all(event.startswith(WITHOUT_CASES) for event in starting_events(part) or [""]):
        return
    if isinstance(part, Deadline):
        yield from part.breach or ()
        return
    for listed in (part.missed, part.attempts and part.attempts.then, part.streak and part.streak.then):
        yield from listed or ()


@cache
def _keys_of(model: type[Model]) -> tuple[tuple[str, Text], ...]:
    named = ((name.partition("."), words) for name, words in KEPT_ONLY.items())
    return tuple((key, words) for (owner, _, key), words in named if owner == model.__name__)
