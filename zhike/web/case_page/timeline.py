"""One timeline: deeds with what was filled in, the clocks they moved, warnings, notes and files, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.cases.links import Tied
from zhike.cases.models import Case, Note
from zhike.cases.queries import Story
from zhike.cases.undo import undone_deeds
from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.org.principals import ANONYMOUS
from zhike.records.display import display
from zhike.records.models import Attachment, Filling
from zhike.records.references import NameOf
from zhike.web.base import times
from zhike.web.base.names import Names
from zhike.web.case_page.ties import word_of
from zhike.web.handbook_page import terms, titles

HIDDEN = {
    "case.opened", "case.note_added", "case.files_added", "case.access_denied", "case.followed", "case.unfollowed",
    "clock.reassigned",
}  # fmt: skip
"""Facts that another entry already tells, or that are no part of the case's story."""


CONSEQUENCES = {"sanction.began", "sanction.ended"}

CAME_WITH = dt.timedelta(minutes=30)
"""A file uploaded so long before a deed or note of the same person came with it."""


@dataclass(frozen=True, slots=True)
class Clause:
    handbook: str
    id: str


@dataclass(slots=True)
class Entry:
    """One line of the timeline. `kind`: deed, note, file, warned, overdue, refused, moved, whole (merged, split, undone), clock."""

    at: dt.datetime
    kind: str
    who: str
    what: str
    words: str = ""
    minor: bool = False
    internal: bool = False
    clauses: list[Clause] = field(default_factory=list)
    filled: list[tuple[str, str]] = field(default_factory=list)
    """(title, shown value) of the form filled with a deed."""
    moved: list[tuple[str, str, str]] = field(default_factory=list)
    """(state, words, clause) of each clock the deed stopped or started."""
    files: list[Attachment] = field(default_factory=list)
    undone: bool = False
    """It was taken back and counts no more."""
    of: str = ""
    """The number of the merged case it is from; "" for one of the case's own."""


@dataclass(frozen=True, slots=True)
class Home:
    """The case an entry is from: its own handbook, process and, where it was merged into this one, number."""

    book: Book
    process: str
    number: str


class Teller:
    """Tells the story of one case; keeps the names and titles all entries share.

    `called` is asked for them at once and looks them up when the first entry is told.
    """

    def __init__(
        self,
        case: Case,
        book: Book,
        story: Story,
        now: dt.datetime,
        absorbed: Sequence[Tied] = (),
        called: Names | None = None,
    ) -> None:
        self.case, self.book, self.story, self.now = case, book, story, now
        self.own = Home(book, case.process, "")
        self.homes = {each.id: Home(book_of(each.version_id), each.process, each.number) for each in absorbed}
        self.undone = undone_deeds(story.facts)
        self.language = get_language() or "zh"
        self.fillings = {f.pk: f for f in story.fillings}
        self.called = called or Names(now)
        self.called.ask(
            self._principals(),
            [book, *(home.book for home in self.homes.values())],
            [(self.fields(f), f.values) for f in story.fillings],
        )
        self.name_of: NameOf = self.called.name_of

    @cached_property
    def names(self) -> dict[str, str]:
        names = self.called.people
        if self.case.customer_id is not None and ANONYMOUS in names:
            # Whoever filed it without an account is the customer the case is about.
            names[ANONYMOUS] = gettext("顾客")
        return names

    def home(self, case_id: int) -> Home:
        return self.homes.get(case_id, self.own)

    def _principals(self) -> set[str]:
        facts = self.story.facts
        holders = {p for fact in facts for key in ("holders", "charged") for p in fact.payload.get(key, ())}
        return (
            holders
            | {fact.actor for fact in self.story.facts}
            | {str(fact.payload["person"]) for fact in self.story.facts if fact.type in CONSEQUENCES}
            | {fact.payload.get("in_place_of") or fact.actor for fact in self.story.facts}
            | {n.author for n in self.story.notes}
            | {a.uploaded_by for a in self.story.attachments}
        )

    def entries(self) -> list[Entry]:
        """Newest first. Files uploaded with a deed or a note stand with it."""
        found = self._told(self.story.facts) + [self._note(n) for n in self.story.notes]
        self._place_files(found)
        return sorted(found, key=lambda e: e.at, reverse=True)

    def _told(self, facts: Iterable[Fact]) -> list[Entry]:
        """Entries, later ones first. A deed's clocks are written just before the deed: they are told as part of it."""
        found: list[Entry] = []
        waiting: list[Entry] = []
        for fact in facts:
            entry = self._entry(fact)
            if entry is None:
                continue
            if entry.kind == "clock":
                waiting.append(entry)
                continue
            if entry.kind in ("deed", "whole"):
                entry.moved = [line for w in waiting if w.at == entry.at for line in w.moved]
                found += [w for w in waiting if w.at != entry.at]
                waiting = []
            found.append(entry)
        return list(reversed(found + waiting))

    def _entry(self, fact: Fact) -> Entry | None:
        if fact.type in HIDDEN:
            return None
        tell = getattr(self, "_" + fact.type.replace(".", "_"), None)
        return tell(fact) if tell else None

    def _base(self, fact: Fact, kind: str, what: str, **more: Any) -> Entry:
        of = self.home(fact.subject_id).number
        who = self.names.get(fact.actor, fact.actor)
        if absent := fact.payload.get("in_place_of"):
            who = gettext("%(who)s 代 %(absent)s") % {"who": who, "absent": self.names.get(absent, absent)}
        return Entry(fact.at, kind, who, what, of=of, **more)

    def _case_action_taken(self, fact: Fact) -> Entry:
        payload = fact.payload
        filling = self.fillings.get(payload.get("filling") or 0)
        named = [b["clause"] for b in payload.get("because", ())] + list(fact.clauses)
        return self._base(
            fact, "deed", self._action(fact), undone=fact.id in self.undone, words=self._stage_words(fact),
            clauses=[Clause(fact.handbook, c) for c in dict.fromkeys(named)],
            filled=self.filled(filling) if filling else [],
        )  # fmt: skip

    def _action(self, fact: Fact) -> str:
        action, home = str(fact.payload["action"]), self.home(fact.subject_id)
        try:
            return home.book.action(home.process, action).title.say(self.language)
        except LookupError:
            return {"merge": gettext("合并"), "split": gettext("拆分")}.get(action, action)

    def _stage(self, fact: Fact, stage: str) -> str:
        home = self.home(fact.subject_id)
        try:
            return home.book.stage(home.process, stage).title.say(self.language)
        except LookupError:
            return stage

    def _stage_words(self, fact: Fact) -> str:
        before, after = fact.payload.get("stage_before", ""), fact.payload.get("stage", "")
        if not after or before == after:
            return ""
        return gettext("转到“%(stage)s”") % {"stage": self._stage(fact, after)}

    def _case_moved(self, fact: Fact) -> Entry:
        clauses = [Clause(fact.handbook, c) for c in fact.clauses]
        return self._base(
            fact, "moved", self._stage_words(fact), words=fact.payload.get("because_of", ""), clauses=clauses
        )

    def _case_closed(self, fact: Fact) -> Entry:
        return self._base(fact, "moved", gettext("工单办结"), minor=True)

    def _case_reopened(self, fact: Fact) -> Entry:
        stage = str(fact.payload.get("stage") or "")
        words = gettext("转到“%(stage)s”") % {"stage": self._stage(fact, stage)} if stage else ""
        clauses = self._clauses(fact) if stage else []
        return self._base(fact, "moved", gettext("工单重新打开"), words=words, clauses=clauses)

    def _case_reassigned(self, fact: Fact) -> Entry:
        what = gettext("改由%(who)s处理") % {"who": self._roles(fact)}
        return self._base(fact, "moved", what, clauses=self._clauses(fact))

    def _case_not_reassigned(self, fact: Fact) -> Entry:
        why = {
            "nobody": gettext("那里没有人能接"), "cannot_act": gettext("那个岗位在这一环节没有事可办"), "over": gettext("工单已办结"),
        }.get(str(fact.payload["why"]), "")  # fmt: skip
        what = gettext("没有转给%(who)s，仍由原来的人处理") % {"who": self._roles(fact)}
        return self._base(fact, "moved", what, words=why, clauses=self._clauses(fact))

    def _case_froze(self, fact: Fact) -> Entry:
        return self._thing(fact, gettext("冻结%(what)s"))

    def _case_unfroze(self, fact: Fact) -> Entry:
        return self._thing(fact, gettext("解冻%(what)s"))

    def _thing(self, fact: Fact, line: str) -> Entry:
        home = self.home(fact.subject_id)
        what = terms.thing(home.book, str(fact.payload["thing"]), home.process)
        return self._base(fact, "moved", line % {"what": what}, clauses=self._clauses(fact))

    def _roles(self, fact: Fact) -> str:
        return titles.roles(self.home(fact.subject_id).book, fact.payload["to"])

    def _case_refused(self, fact: Fact) -> Entry:
        words = [
            w.get("en") if self.language.startswith("en") and w.get("en") else w["zh"]
            for w in fact.payload.get("words", ())
        ]
        what = gettext("想办“%(action)s”，未被受理") % {"action": self._action(fact)}
        clauses = [Clause(fact.handbook, c) for c in dict.fromkeys(fact.clauses)]
        return self._base(fact, "refused", what, words=" ".join(words), minor=True, clauses=clauses)

    def _case_deed_asked(self, fact: Fact) -> Entry:
        what = gettext("提交“%(action)s”，等待同意") % {"action": self._action(fact)}
        return self._base(fact, "moved", what, clauses=self._clauses(fact))

    def _case_deed_decided(self, fact: Fact) -> Entry:
        agreed = fact.payload["decision"] == "approved"
        line = gettext("同意“%(action)s”") if agreed else gettext("不同意“%(action)s”")
        words = str(fact.payload.get("words", ""))
        return self._base(
            fact, "moved", line % {"action": self._action(fact)}, words=words, clauses=self._clauses(fact)
        )

    def _case_deed_dropped(self, fact: Fact) -> Entry | None:
        why = {
            "withdrawn": gettext("提交的人撤回了"), "superseded": gettext("工单在这之后有了变化"),
            "refused": gettext("条件不再满足"), "expired": gettext("限期内没有等到同意"),
        }.get(str(fact.payload["why"]))  # fmt: skip
        if why is None:
            return None
        return self._base(fact, "moved", gettext("“%(action)s”没有办成") % {"action": self._action(fact)}, words=why)

    def _sanction_began(self, fact: Fact) -> Entry:
        ends = fact.payload.get("ends_at")
        until = times.short_moment(dt.datetime.fromisoformat(ends), fact.at) if ends else ""
        words = gettext("到 %(moment)s") % {"moment": until} if until else ""
        return self._consequence(fact, gettext("“%(what)s”生效：%(who)s"), words)

    def _sanction_ended(self, fact: Fact) -> Entry:
        why = {
            "time": gettext("期满"), "passed": gettext("条件已经满足"), "revoked": gettext("处理已撤销"),
            "closed": gettext("工单已办结"),
        }.get(str(fact.payload["why"]), "")  # fmt: skip
        return self._consequence(fact, gettext("“%(what)s”结束：%(who)s"), why)

    def _consequence(self, fact: Fact, line: str, words: str) -> Entry:
        what = titles.consequence(self.home(fact.subject_id).book, str(fact.payload["what"]))
        who = self.names.get(str(fact.payload["person"]), str(fact.payload["person"]))
        return self._base(fact, "moved", line % {"what": what, "who": who}, words=words, clauses=self._clauses(fact))

    def _case_linked(self, fact: Fact) -> Entry | None:
        if fact.payload["kind"].startswith("split"):
            return None
        return self._base(fact, "moved", gettext("关联工单"), words=self._tied(fact), minor=True)

    def _case_unlinked(self, fact: Fact) -> Entry:
        return self._base(fact, "moved", gettext("解除关联"), words=self._tied(fact), minor=True)

    def _tied(self, fact: Fact) -> str:
        return f"{word_of(fact.payload['kind'])} {fact.payload['number']}"

    def _case_merged(self, fact: Fact) -> Entry:
        """Told on the page of the leading case too, from where that stands, with the clocks it cancelled."""
        if of := self.home(fact.subject_id).number:
            entry = self._base(fact, "whole", gettext("%(number)s 并入本单") % {"number": of})
            entry.of = ""
            return entry
        return self._base(fact, "whole", gettext("并入 %(number)s") % {"number": fact.payload["number"]})

    def _case_absorbed(self, fact: Fact) -> Entry | None:
        if fact.payload["dropped"] in self.homes:
            return None
        what = gettext("%(number)s 并入本单") % {"number": fact.payload["number"]}
        return self._base(fact, "whole", what)

    def _case_merge_undone(self, fact: Fact) -> Entry | None:
        if self.home(fact.subject_id).number:
            return None
        what = gettext("撤销与 %(number)s 的合并") % {"number": fact.payload["number"]}
        return self._base(fact, "whole", what)

    def _case_split(self, fact: Fact) -> Entry:
        what = gettext("拆分出 %(number)s") % {"number": fact.payload["number"]}
        return self._base(fact, "whole", what, words=self._taken_along(fact))

    def _case_split_off(self, fact: Fact) -> Entry:
        what = gettext("拆分自 %(number)s") % {"number": fact.payload["number"]}
        return self._base(fact, "whole", what, words=self._taken_along(fact))

    def _taken_along(self, fact: Fact) -> str:
        known = {"notes": fact.payload["notes"], "files": fact.payload["files"]}
        return gettext("备注 %(notes)s 条，文件 %(files)s 个") % known

    def _case_deed_undone(self, fact: Fact) -> Entry:
        return self._base(fact, "whole", gettext("撤销“%(action)s”") % {"action": self._action(fact)})

    def _case_printed(self, fact: Fact) -> Entry:
        return self._base(fact, "moved", gettext("打印工单"), minor=True)

    def _contents_deleted(self, fact: Fact) -> Entry:
        clauses = [Clause(fact.handbook, clause) for clause in fact.clauses]
        return self._base(fact, "whole", gettext("内容按保存期限删除"), clauses=clauses)

    def _case_held(self, fact: Fact) -> Entry:
        return self._base(fact, "moved", gettext("暂停删除"), words=fact.payload.get("why", ""))

    def _case_hold_ended(self, fact: Fact) -> Entry:
        return self._base(fact, "moved", gettext("恢复按期删除"))

    def _clock_cancelled(self, fact: Fact) -> Entry | None:
        """Told where somebody took the clock away; what ends with the case is not."""
        why = {"case.merged": gettext("工单合并"), "case.deed_undone": gettext("办理撤销")}.get(
            fact.payload.get("why", "")
        )
        if why is None or fact.payload.get("watches"):
            return None
        line = gettext("取消计时：%(title)s，%(why)s") % {"title": self._clause_title(fact), "why": why}
        return self._base(fact, "clock", "", minor=True, moved=[("stopped", line, (fact.clauses or [""])[0])])

    def _clock_restored(self, fact: Fact) -> Entry:
        due = times.short_moment(dt.datetime.fromisoformat(str(fact.payload["due_at"])), fact.at)
        line = gettext("恢复计时：%(title)s，%(due)s 前") % {"title": self._clause_title(fact), "due": due}
        state = "overdue" if fact.payload["state"] == "overdue" else "running"
        return self._base(fact, "clock", "", minor=True, moved=[(state, line, (fact.clauses or [""])[0])])

    def _clock_warned(self, fact: Fact) -> Entry:
        holders = gettext("、").join(self.names.get(p, p) for p in fact.payload.get("holders", ()))
        what = gettext("即将到期：%(title)s") % {"title": self._clause_title(fact)}
        words = gettext("已提醒 %(holders)s") % {"holders": holders} if holders else ""
        return self._base(fact, "warned", what, words=words, minor=True, clauses=self._clauses(fact))

    def _clock_breached(self, fact: Fact) -> Entry:
        holders = gettext("、").join(self.names.get(p, p) for p in fact.payload.get("holders", ()))
        what = gettext("超时：%(title)s") % {"title": self._clause_title(fact)}
        words = gettext("在 %(holders)s 手里") % {"holders": holders}
        if charged := gettext("、").join(self.names.get(p, p) for p in fact.payload.get("charged", ())):
            words = gettext("在 %(holders)s 手里，记在 %(charged)s 名下") % {"holders": holders, "charged": charged}
        return self._base(fact, "overdue", what, words=words, clauses=self._clauses(fact))

    def _clock_started(self, fact: Fact) -> Entry:
        return self._base(fact, "clock", "", minor=True, moved=[self._clock_line(fact)])

    def _clock_stopped(self, fact: Fact) -> Entry:
        return self._base(fact, "clock", "", minor=True, moved=[self._clock_line(fact)])

    def _clock_line(self, fact: Fact) -> tuple[str, str, str]:
        title, clause = self._clause_title(fact), (fact.clauses or [""])[0]
        payload = fact.payload
        if fact.type == "clock.started":
            holders = gettext("、").join(self.names.get(p, p) for p in payload.get("holders", ()))
            due = times.short_moment(dt.datetime.fromisoformat(str(payload["due_at"])), fact.at)
            return (
                "running",
                gettext("起钟：%(title)s，%(holders)s，%(due)s 前") % {"title": title, "holders": holders, "due": due},
                clause,
            )
        late = float(payload.get("late_minutes") or 0)
        if late > 0:
            span = times.span(dt.timedelta(minutes=late))
            return "overdue", gettext("停钟：%(title)s，超时 %(span)s") % {"title": title, "span": span}, clause
        return "stopped", gettext("停钟：%(title)s，按时") % {"title": title}, clause

    def _clock_extended(self, fact: Fact) -> Entry:
        due = times.short_moment(dt.datetime.fromisoformat(str(fact.payload["due_at"])), fact.at)
        what = gettext("延长时限：%(title)s，到 %(due)s") % {"title": self._clause_title(fact), "due": due}
        return self._base(fact, "moved", what, words=fact.payload.get("why", ""), clauses=self._clauses(fact))

    def _clock_redated(self, fact: Fact) -> Entry:
        due = times.short_moment(dt.datetime.fromisoformat(str(fact.payload["due_at"])), fact.at)
        what = gettext("日期改了，期限跟着改到 %(due)s：%(title)s") % {"title": self._clause_title(fact), "due": due}
        return self._base(fact, "moved", what, clauses=self._clauses(fact))

    def _clock_retimed(self, fact: Fact) -> Entry:
        due = times.short_moment(dt.datetime.fromisoformat(str(fact.payload["due_at"])), fact.at)
        what = gettext("节假日公布，时限改到 %(due)s：%(title)s") % {"title": self._clause_title(fact), "due": due}
        return self._base(fact, "moved", what, clauses=self._clauses(fact))

    def _clock_paused(self, fact: Fact) -> Entry:
        what = gettext("暂停计时：%(title)s") % {"title": self._clause_title(fact)}
        home, why = self.home(fact.subject_id), str(fact.payload.get("why", ""))
        words = terms.event(home.book, why, home.process) if "." in why else why
        return self._base(fact, "moved", what, words=words, minor=True, clauses=self._clauses(fact))

    def _clock_resumed(self, fact: Fact) -> Entry:
        what = gettext("恢复计时：%(title)s") % {"title": self._clause_title(fact)}
        return self._base(fact, "moved", what, minor=True, clauses=self._clauses(fact))

    def _duty_missed(self, fact: Fact) -> Entry:
        what = gettext("当日未办：%(title)s") % {"title": self._clause_title(fact)}
        return self._base(fact, "overdue", what, clauses=self._clauses(fact))

    def _clause_title(self, fact: Fact) -> str:
        clause = (fact.clauses or [""])[0]
        try:
            return self.home(fact.subject_id).book.clause(clause).title.say(self.language)
        except LookupError:
            return clause

    def _clauses(self, fact: Fact) -> list[Clause]:
        return [Clause(fact.handbook, c) for c in fact.clauses]

    def _note(self, note: Note) -> Entry:
        what = gettext("内部备注") if note.internal else gettext("给顾客的留言")
        if note.author.startswith(("customer", ANONYMOUS)):
            what = gettext("顾客留言")
        return Entry(
            note.at, "note", self.names.get(note.author, note.author), what, words=note.words, internal=note.internal,
            of=self.home(note.case_id).number,
        )  # fmt: skip

    def fields(self, filling: Filling) -> tuple[FieldDef, ...]:
        try:
            return self.home(filling.subject_id).book.record(filling.record).fields
        except LookupError:
            return ()

    def filled(self, filling: Filling) -> list[tuple[str, str]]:
        return filled(self.home(filling.subject_id).book, self.fields(filling), filling.values, self.name_of, self.now)

    def _place_files(self, found: list[Entry]) -> None:
        """Each file stands with the deed or note of its uploader and moment, else on its own."""
        for file in self.story.attachments:
            who, of = self.names.get(file.uploaded_by, file.uploaded_by), self.home(file.subject_id or 0).number
            near = [e for e in found if e.kind in ("deed", "note") and e.who == who and e.of == of]
            after = [e for e in near if dt.timedelta(0) <= e.at - file.uploaded_at < CAME_WITH]
            home = min(after, key=lambda e: e.at, default=None)
            if home is None:
                home = Entry(file.uploaded_at, "file", who, gettext("上传文件"), internal=file.internal, of=of)
                found.append(home)
            home.files.append(file)


def filled(
    book: Book, fields: Iterable[FieldDef], values: Mapping[str, Any], name_of: NameOf | None, now: dt.datetime
) -> list[tuple[str, str]]:
    """(title, shown value) of every field that has a value, in the form's order, without what the product filled in."""
    language = get_language() or "zh"
    return [
        (
            definition.title.say(language),
            display(book, definition, values[definition.id], language, name_of=name_of, now=now),
        )
        for definition in fields
        if values.get(definition.id) not in (None, "", [], {})
        and definition.automatic is None
        and definition.type != "files"
    ]


def main_filling(case: Case, book: Book) -> tuple[tuple[FieldDef, ...], Mapping[str, Any]]:
    """The case's main form as it stands, or the form it was opened with where the main one is not filled yet."""
    process = book.process(case.process)
    record = process.record if case.data.get(process.record) else next(iter(case.data), process.record)
    return book.record(record).fields, case.data.get(record, {})


def main_form(case: Case, book: Book, now: dt.datetime, called: Names) -> list[tuple[str, str]]:
    """That form in words; `called` names what it points to."""
    fields, values = main_filling(case, book)
    called.ask(fillings=[(fields, values)])
    return filled(book, fields, values, called.name_of, now)
