"""The company a scenario plays in: its clock, its cast, its cases, and what came of the last deed."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from zhike.cases.closing import look_at_periods
from zhike.cases.models import Case
from zhike.cases.refusals import CaseError
from zhike.conversations.models import Conversation
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.trails import Visited
from zhike.customers.models import Customer
from zhike.duties.exempting import ExemptionRefused
from zhike.duties.populations import duties_over, look_at_populations
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import Department, HandbookVersion, Staff
from zhike.org.principals import Viewer, customer_viewer
from zhike.records.directory import Answer
from zhike.rehearsal import names
from zhike.rehearsal.moments import BadMoment, read_day, read_moment
from zhike.rehearsal.passing import Passing, look_around
from zhike.rehearsal.vocabulary import StepFailed


@dataclass
class Refusal:
    """The last deed was refused; a step must say so before the next deed."""

    error: Exception
    words: list[str]
    clauses: list[str]
    fields: list[str]
    expected: bool = False


@dataclass
class World:
    """Everything one scenario knows. Each goes on with its own, inside a savepoint that is rolled back."""

    version: HandbookVersion
    begins: dt.datetime
    load_sample: Callable[[World, bool], None]
    """Loads the departments and staff of sample.yaml (and its directory rows)."""
    now: dt.datetime = field(init=False)
    began: bool = False
    named: dict[str, int] = field(default_factory=dict)
    """Case name -> id, as given with 记为."""
    latest: list[int] = field(default_factory=list)
    """Cases in the order in which they were last opened or acted on."""
    talks: dict[str, int] = field(default_factory=dict)
    """Conversation name -> id, as given with 记为."""
    talked: list[int] = field(default_factory=list)
    """Conversations in the order in which something was last done in them."""
    contents: dict[str, dict[str, str]] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)
    refusal: Refusal | None = None
    repeat: Callable[[World], Case] | None = None
    """The last deed once more, with the same key."""
    versions: dict[int, int] = field(default_factory=dict)
    """Case id -> its version before the last deed: what an old page was read at."""
    answer: Answer | None = None
    looked_up: str = ""
    cut_off: set[int] = field(default_factory=set)
    """Staff whose browsers give no sign of life."""
    sighted: int | None = None
    trail: list[Visited] | None = None
    """The page trail somebody looked at last."""
    deeds: int = 0
    acted: bool = False
    """The step at hand did something; the router looks after it."""
    actor: str = "system"
    """Who fills the form at hand: files are uploaded by him."""

    def __post_init__(self) -> None:
        self.now = self.begins

    def fork(self) -> World:
        """A world that goes on from here without changing this one."""
        twin = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, dict | list | set | Refusal):
                setattr(twin, name, copy.copy(value))
        return twin

    @property
    def book(self) -> Book:
        return book_of(self.version.pk)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.book.handbook.zone)

    # Time

    def moment(self, text: str) -> dt.datetime:
        try:
            return read_moment(text, self.now, self.zone)
        except BadMoment as error:
            raise StepFailed(str(error)) from error

    def day(self, text: str) -> dt.date:
        try:
            return read_day(text, self.now, self.zone)
        except BadMoment as error:
            raise StepFailed(str(error)) from error

    def move_to(self, moment: dt.datetime) -> None:
        """Move the virtual clock forward; everything due on the way fires at its own moment."""
        if not self.began:
            self.now, self.began = moment, True
            self.look(moment)
            return
        if moment < self.now:
            raise StepFailed(f"时间不能倒退：现在是 {self.shown(self.now)}，不能回到 {self.shown(moment)}")
        Passing(self, moment).run()
        self.now = moment
        self.look(moment)

    def look(self, at: dt.datetime) -> None:
        """What a running house does after every deed: whoever joined a class owes what it says, the router looks."""
        if duties_over(self.book):
            look_at_populations(at)
        look_at_periods(at)
        look_around(self, at)

    def shown(self, at: dt.datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    # Cast

    def cast_ready(self) -> None:
        """Where a feature gives neither departments nor staff, those of the sample are there."""
        if not Staff.objects.exists() and not Department.objects.exists():
            self.load_sample(self, False)
            self.people.update(dict(Staff.objects.values_list("name", "id")))

    def viewer(self, text: str) -> Viewer:
        """A person of the cast by name, a customer by name, or the one person who holds a role."""
        self.cast_ready()
        if text in self.customers:
            customer = Customer.objects.get(pk=self.customers[text])
            return customer_viewer(customer.pk, customer.name)
        found = Staff.objects.filter(name=text).first()
        if found is not None:
            return viewer(found)
        people = self.people_in(text) if names.is_role(self.book, text) else []
        if len(people) != 1:
            raise StepFailed(self._not_one(text, people), word=text)
        return viewer(people[0])

    def _not_one(self, text: str, people: list[Staff]) -> str:
        """Why a name is not one person, and what to write instead."""
        if people:
            return f"“{text}”有 {len(people)} 人，请写姓名：{'、'.join(person.name for person in people)}"
        if names.is_role(self.book, text):
            return f"没有人担任“{text}”：在“人员：”一步的表里加一人，或写别的角色、姓名"
        return self._nobody(text)

    def _nobody(self, text: str) -> str:
        roles = [role.title.zh for role in self.book.handbook.roles]
        known = [*Staff.objects.order_by("id").values_list("name", flat=True), *self.customers, *roles]
        return names.not_among(text, "剧中的人或角色", known) + "；人写在“人员：”或“顾客：”一步的表里"

    def customer(self, text: str) -> Customer:
        if text not in self.customers:
            raise StepFailed(
                names.not_among(text, "剧中的顾客", self.customers) + "；顾客先写在“顾客：”一步的表里", word=text
            )
        return Customer.objects.get(pk=self.customers[text])

    def people_in(self, role: str) -> list[Staff]:
        self.cast_ready()
        wanted = names.role(self.book, role).id
        return list(
            Staff.objects.filter(assignments__handbook=self.book.name, assignments__role=wanted)
            .distinct()
            .order_by("id")
        )

    def viewers(self, text: str) -> list[Viewer]:
        """A person, or everybody in a role."""
        self.cast_ready()
        if text in self.customers or Staff.objects.filter(name=text).exists():
            return [self.viewer(text)]
        if not names.is_role(self.book, text):
            raise StepFailed(self._nobody(text), word=text)
        return [viewer(person) for person in self.people_in(text)]

    def department(self, text: str) -> Department:
        found = Department.objects.filter(name=text).first() or Department.objects.filter(code=text).first()
        if found is None:
            known = list(Department.objects.values_list("name", flat=True))
            raise StepFailed(names.not_among(text, "剧中的部门", known) + "；部门写在“部门：”一步的表里", word=text)
        return found

    # Cases

    def touch(self, case: Case) -> None:
        self.latest = [pk for pk in self.latest if pk != case.pk] + [case.pk]

    def cases(self) -> list[Case]:
        """Cases of this scenario, the one last acted on first; children that deeds opened are among them."""
        rows = {c.pk: c for c in Case.objects.select_related("department", "owner", "parent")}
        order = [pk for pk in reversed(self.latest) if pk in rows]
        rest = sorted((pk for pk in rows if pk not in order), reverse=True)
        return [rows[pk] for pk in (*order, *rest)]

    def case(self, text: str | None) -> Case:
        """By the name given with 记为, by number, or the latest case of a process; None: the one last acted on."""
        found = self.cases()
        if text is None:
            if not found:
                raise StepFailed("还没有任何事项：先有一步建立事项")
            return found[0]
        for case in found:
            if case.pk == self.named.get(text) or case.number == text:
                return case
        if names.is_process(self.book, text):
            wanted = names.process(self.book, text).id
            of_process = [c for c in found if c.process == wanted]
            if of_process:
                return max(of_process, key=lambda c: c.pk)
            raise StepFailed(f"还没有“{text}”：先有一步建立它", word=text)
        known = [*self.named, *(process.title.zh for process in self.book.handbook.processes)]
        raise StepFailed(
            names.not_among(text, "事项的名称、编号或流程", known) + "；用“记为「…」”给事项取名", word=text
        )

    # Conversations

    def talk(self, text: str | None) -> Conversation:
        """By the name given with 记为 or by number; None: the one in which something was done last."""
        if text is None and not self.talked:
            raise StepFailed("还没有会话：先有顾客写来或来电")
        pk = self.talks.get(text or "") if text else self.talked[-1]
        found = Conversation.objects.select_related("owner", "covers", "offered_to", "address", "inbox")
        row = found.filter(pk=pk).first() if pk else found.filter(number=text).first()
        if row is None:
            raise StepFailed(
                names.not_among(text or "", "会话的名称", self.talks) + "；用“记为「…」”给会话取名", word=text or ""
            )
        return row

    def touch_talk(self, conversation: Conversation) -> None:
        self.talked = [pk for pk in self.talked if pk != conversation.pk] + [conversation.pk]

    def subject(self, text: str) -> tuple[str, int]:
        """A conversation, a case, or a member of a population (customer, colleague, department) by its name."""
        if text in self.talks:
            return ("conversation", self.talk(text).pk)
        if self.is_case(text):
            return ("case", self.case(text).pk)
        if text in self.customers:
            return ("customer", self.customers[text])
        for kind, found in (
            ("staff", Staff.objects.filter(name=text)),
            ("department", Department.objects.filter(name=text)),
        ):
            if (row := found.first()) is not None:
                return (kind, row.pk)
        return ("case", self.case(text).pk)

    def subjects(self) -> list[tuple[str, int]]:
        """Everything something can run on, what was last acted on first: conversations, then cases."""
        talks = [("conversation", pk) for pk in reversed(self.talked)]
        return [*talks, *(("case", case.pk) for case in self.cases())]

    def is_case(self, text: str) -> bool:
        return text in self.named or names.is_process(self.book, text) or Case.objects.filter(number=text).exists()

    def case_where(self, text: str | None, fits: Callable[[Case], bool], what: str) -> Case:
        """The case meant: the one named, else the latest one for which `fits` holds."""
        if text is not None:
            return self.case(text)
        for case in self.cases():
            if fits(case):
                return case
        raise StepFailed(f"没有一件事项有{what}")

    # Deeds

    def attempt(self, deed: Callable[[], Any]) -> Any:
        """Do something that may be refused; the refusal waits to be expected."""
        self.require_no_refusal()
        self.deeds += 1
        self.acted = True
        self.refusal = None
        try:
            return deed()
        except ExemptionRefused as error:
            self.refusal = Refusal(error, [error.words.zh], [], [])
            return None
        except ConversationRefused as error:
            said = [reason.words.zh for reason in error.reasons] or [error.words.zh]
            self.refusal = Refusal(error, said, error.clauses, list(error.fields))
            return None
        except CaseError as error:
            words = [reason.words.zh for reason in error.reasons]
            self.refusal = Refusal(error, words, error.clauses, list(error.fields))
            return None

    def require_no_refusal(self) -> None:
        """Raises when the last deed was refused and no step has said so."""
        if (found := self.unexpected()) is not None:
            raise found

    def unexpected(self) -> StepFailed | None:
        """That the last deed was refused and no step has said so; None where it was done, or the refusal was expected."""
        if self.refusal is None or self.refusal.expected:
            return None
        said, by = ";".join(self.refusal.words) or str(self.refusal.error), self.refusal.clauses
        because = f"（依据 {'、'.join(by)}）" if by else ""
        return StepFailed(f"上一步被拒绝，没有步骤预期它：{said}{because}", by[0] if by else "")

    def expect_refusal(self) -> Refusal:
        if self.refusal is None:
            raise StepFailed("上一步没有被拒绝，已经办成")
        self.refusal.expected = True
        return self.refusal
