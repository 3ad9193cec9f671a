"""A handbook that builds on another."""

from __future__ import annotations

from pathlib import Path

from zhike.handbook.book import Book
from zhike.handbook.load import examine, load
from zhike.handbook.tests.folder import GATE, LIMIT, PLAIN, URGENT, clause, process, write

STANDARDS = """# 示例礼仪标准

## 1 接听

接听先问好。

## 2 结束

结束要道别。
"""
GREET = clause(
    GATE,
    id="STD-01",
    kind="wording",
    cites="1",
    quote="接听先问好。",
    on="call.answered",
    requires=None,
    refuse=None,
    say="您好",
)
PART = clause(GREET, id="STD-02", cites="2", quote="结束要道别。", say="再见")


def two(tmp_path: Path, **changes: object) -> Path:
    """`sample`, which builds on `standards`."""
    base = write(tmp_path, clauses=[GREET, PART], text=STANDARDS, processes=[], unclaused={}, name="standards")
    base.rename(tmp_path / "standards")
    return write(tmp_path, builds_on=["standards"], **changes)  # type: ignore[arg-type]


def ids(book: Book) -> list[str]:
    return [one.id for one in book.clauses()]


def test_the_clauses_of_the_base_hold_here_too(tmp_path: Path) -> None:
    book = load(two(tmp_path))
    assert ids(book) == ["S-01", "S-02", "S-03", "S-04", "STD-01", "STD-02"]
    assert book.clause("STD-01").cites == "standards/1"
    assert book.section("standards/1").body == "接听先问好。"


def test_a_clause_of_the_same_id_goes_before_that_of_the_base(tmp_path: Path) -> None:
    own = clause(GREET, cites="2", quote="登记要写明电话。", say="早")
    book = load(
        two(
            tmp_path,
            clauses=[GATE, URGENT, PLAIN, LIMIT, own],
            unclaused={"1": "说明用途", "standards/1": "由 STD-01 改写"},
        )
    )
    assert book.clause("STD-01").cites == "2"


def test_a_clause_may_be_left_out_with_a_reason(tmp_path: Path) -> None:
    assert "STD-02" not in ids(load(two(tmp_path, leaves_out={"STD-02": "本店不适用"})))


def test_leaving_out_what_is_not_there_is_refused(tmp_path: Path) -> None:
    problem = examine(two(tmp_path, leaves_out={"STD-03": "没有"})).errors[0]
    assert (problem.code, problem.remedy.en) == ("clause-unknown", "Did you mean STD-02?")


def test_an_error_of_the_base_names_its_file(tmp_path: Path) -> None:
    folder = two(tmp_path)
    broken = (tmp_path / "standards" / "handbook.md").read_text(encoding="utf-8").replace("先问好", "先微笑")
    (tmp_path / "standards" / "handbook.md").write_text(broken, encoding="utf-8")
    assert [(p.code, p.file) for p in examine(folder).errors] == [("quote-not-in-section", "standards/clauses.yaml")]


def test_a_base_that_does_not_exist_or_is_itself_is_refused(tmp_path: Path) -> None:
    assert [p.code for p in examine(write(tmp_path, builds_on=["nowhere"])).errors] == ["base-unknown"]
    assert [p.message.en for p in examine(write(tmp_path, builds_on=["sample"])).errors] == [
        "The handbook sample builds on itself."
    ]


def test_processes_of_the_base_may_be_used(tmp_path: Path) -> None:
    base = write(
        tmp_path,
        clauses=[GREET, PART],
        text=STANDARDS,
        unclaused={},
        name="standards",
        processes=process(id="other"),
        records=None,
    )
    base.rename(tmp_path / "standards")
    loaded = examine(write(tmp_path, builds_on=["standards"]))
    assert loaded.book is not None
    assert loaded.book.process("other").id == "other"
