"""What the handbook says and the product does not carry out yet: never an error, always said."""

from __future__ import annotations

from zhike.handbook.check.findings import Checker
from zhike.handbook.common import Text
from zhike.handbook.unrun import unrun_of, unrun_parts

GO_ON = Text(
    zh="手册可以安装，其余照常执行；这一条请由人照办。",
    en="The handbook can be installed and the rest of it runs; until then people see to this.",
)


def check_unrun(checker: Checker) -> None:
    for clause, sentences in unrun_of(checker.book).items():
        for said in sentences:
            checker.note("not-run", checker.item("clauses", clause), said, GO_ON, subject=clause, severity="warning")
    for part, one, said in unrun_parts(checker.book):
        checker.note("not-run", checker.item(part, one.id), said, GO_ON, subject=one.id, severity="warning")
