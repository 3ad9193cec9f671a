"""What a list of cases is asked for: filters, an order and columns, each from an allow-list. Lists, boards, saved views and exports
are all asked in these words, so that they give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from zhike.cases.models import Case
from zhike.handbook.book import Book
from zhike.handbook.clauses import Visibility
from zhike.handbook.common import Text
from zhike.handbook.structure import FieldDef, Process
from zhike.org.principals import Viewer

LONGEST_TEXT = 80
FORM = "form."
"""Columns of the main form of the process asked for: `form.<field>`."""
COLUMNS: dict[str, Text] = {
    "number": Text(zh="单号", en="Number"),
    "title": Text(zh="标题", en="Title"),
    "process": Text(zh="流程", en="Process"),
    "stage": Text(zh="环节", en="Stage"),
    "deadline": Text(zh="时限", en="Deadline"),
    "status": Text(zh="状态", en="Status"),
    "department": Text(zh="责任部门", en="Department"),
    "owner": Text(zh="经办人", en="Owner"),
    "customer": Text(zh="客户", en="Customer"),
    "round": Text(zh="轮次", en="Round"),
    "opened": Text(zh="建单", en="Opened"),
    "updated": Text(zh="更新", en="Updated"),
    "closed": Text(zh="办结", en="Closed"),
}
USUAL = ("title", "stage", "deadline", "department", "opened")
"""Beside the number, which is always the first."""
MOST_COLUMNS = 16
ORDERS: dict[str, Text] = {
    "": Text(zh="最新的在前", en="Newest first"),
    "oldest": Text(zh="最早的在前", en="Oldest first"),
    "due": Text(zh="最先到期的在前", en="Due first"),
}
"""Each stands on an index; other orders would sort every case there is. What has no clock comes last when asked for by `due`."""
NOT_SHOWN = frozenset({"files", "signature", "rows", "secret", "map", "votes", "richtext"})
"""Types of fields that are no cell of a table."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question put to the list; empty parts ask nothing."""

    q: str = ""
    process: str = ""
    """`handbook.process`"""
    stage: str = ""
    status: str = ""
    department: str = ""
    mine: str = ""
    order: str = ""
    columns: tuple[str, ...] = ()
    """Beside the number; empty: the usual ones."""

    @property
    def shown(self) -> tuple[str, ...]:
        return self.columns or USUAL

    @property
    def handbook(self) -> str:
        return self.process.rpartition(".")[0]

    @property
    def process_id(self) -> str:
        return self.process.rpartition(".")[2]

    @property
    def is_empty(self) -> bool:
        return self == Asked()

    def wanted(self) -> dict[str, Any]:
        """In the names of `cases.queries.filtered`."""
        named = {
            "text": self.q, "stage": self.stage, "status": self.status, "department": self.department,
            "mine": self.mine, "handbook": self.handbook, "process": self.process_id,
        }  # fmt: skip
        return {name: value for name, value in named.items() if value}

    def kept(self) -> dict[str, Any]:
        """As it is kept in a row: only what is asked."""
        return {name: list(v) if name == "columns" else v for name, v in asdict(self).items() if v}


def read_asked(given: Mapping[str, Any], columns: Collection[str], books: Collection[Book]) -> Asked:
    """What was sent or kept, each part only where it is one of the values there are now; the rest is left out."""
    text = {field.name: str(given.get(field.name) or "") for field in fields(Asked) if field.name != "columns"}
    found = process_of(books, text["process"])
    stages = {stage.id for stage in found[1].stages} if found else set()
    department = text["department"]
    asked = Asked(
        q="".join(text["q"].split("\0"))[:LONGEST_TEXT].strip(),
        process=text["process"] if found else "",
        stage=text["stage"] if text["stage"] in stages else "",
        status=text["status"] if text["status"] in Case.Status.values else "",
        department=department if department.isascii() and department.isdigit() and len(department) < 18 else "",
        mine="1" if text["mine"] == "1" else "",
        order=text["order"] if text["order"] in ORDERS else "",
    )
    return replace(asked, columns=_known_columns(asked, columns, books))


def _known_columns(asked: Asked, columns: Collection[str], books: Collection[Book]) -> tuple[str, ...]:
    known = [c for c in dict.fromkeys(columns) if c in COLUMNS or form_field(books, asked.process, c)]
    chosen = tuple(c for c in known if c != "number")[:MOST_COLUMNS]
    return () if chosen == USUAL else chosen


def process_of(books: Collection[Book], name: str) -> tuple[Book, Process] | None:
    """The process called `handbook.process`, where one of these books has it."""
    handbook, _, process = name.rpartition(".")
    named = ((book, one) for book in books if book.name == handbook for one in book.handbook.processes)
    return next(((book, one) for book, one in named if one.id == process), None)


def form_field(books: Collection[Book], process: str, column: str) -> FieldDef | None:
    """The field behind a column `form.<field>`: of the main form of that process, and of a type that fits a cell."""
    found = process_of(books, process)
    if found is None or not column.startswith(FORM):
        return None
    return next((f for f in form_fields(*found) if f.id == column.removeprefix(FORM)), None)


def form_fields(book: Book, process: Process) -> list[FieldDef]:
    """The fields of the main form that may be columns."""
    return [field for field in book.record(process.record).fields if field.type not in NOT_SHOWN]


def hidden_fields(book: Book, record: str, viewer: Viewer) -> Callable[[str], bool]:
    """Which fields of a form a list keeps from this viewer: those a visibility clause speaks of, unless it names his role without
    conditions. What a case's page may show under a condition, a list of many does not.
    """
    clauses = [c for c in book.clauses("visibility") if isinstance(c, Visibility) and c.of == f"record.{record}"]
    closed = [clause for clause in clauses if not _open_to(clause, book, viewer)]
    return lambda field: any(not clause.fields or field in clause.fields for clause in closed)


def _open_to(clause: Visibility, book: Book, viewer: Viewer) -> bool:
    if clause.show or clause.closed_until or clause.open_while or clause.when:
        return False
    return any(viewer.in_role(book.name, a.role) for a in clause.to if not a.when and a.person is None)


def column_titles(asked: Asked, columns: Collection[str], books: Collection[Book]) -> dict[str, Text]:
    """Column -> its heading."""
    found = {c: COLUMNS[c] for c in columns if c in COLUMNS}
    for column in columns:
        field = form_field(books, asked.process, column)
        if field is not None:
            found[column] = field.title
    return found
