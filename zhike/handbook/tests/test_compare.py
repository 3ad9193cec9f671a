"""Two versions side by side: what differs, field by field, in words of both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.clauses import KINDS
from zhike.handbook.compare import Change, compare
from zhike.handbook.compare.key_words import KEY_WORDS
from zhike.handbook.load import load
from zhike.handbook.structure import Action, Calendar, FieldDef, Process, Record, Role, Stage
from zhike.handbook.tests.folder import GATE, LIMIT, TEXT, clause, process, sound, with_clause, write


def two(tmp_path: Path, **changes: Any) -> list[Change]:
    """The changes from the sound sample to one that differs so."""
    before = sound(tmp_path)
    return list(compare(before, load(write(tmp_path, **changes))).changes)


def told(change: Change, language: str = "zh") -> list[str]:
    return [
        f"{one.label.say(language)}: {one.before.say(language) if one.before else '—'} -> "
        f"{one.after.say(language) if one.after else '—'}"
        for one in change.fields
    ]


def test_a_handbook_does_not_differ_from_itself(tmp_path: Path) -> None:
    assert two(tmp_path) == []


def test_another_version_number_alone_is_no_change(tmp_path: Path) -> None:
    assert two(tmp_path, version="2", effective="2026-01-01") == []


def test_a_changed_clause_tells_its_sentences_its_keys_and_whose_work_it_touches(tmp_path: Path) -> None:
    text = TEXT.replace("坐席在一小时内办结。", "班长在两小时内办结。")
    longer = clause(LIMIT, quote="班长在两小时内办结。", within="2h", holder="boss")
    limit, section = two(tmp_path, text=text, clauses=with_clause(longer, without=("S-04",)))
    assert (limit.id, limit.op, limit.before, limit.after) == (
        "S-04",
        "changed",
        "坐席在一小时内办结。",
        "班长在两小时内办结。",
    )
    assert told(limit) == ["持有人: 坐席 -> 班长", "期限: 1 小时 -> 2 小时"]
    assert told(limit, "en") == ["holder: Agent -> Boss", "limit: 1 hour -> 2 hours"]
    assert limit.roles == ("agent", "boss")
    assert (section.part, section.before, section.after) == ("sections", "坐席在一小时内办结。", "班长在两小时内办结。")


def test_clauses_that_came_and_went_are_told(tmp_path: Path) -> None:
    new = clause(GATE, id="S-05", quote="登记要写明电话。", title={"zh": "再写一遍", "en": "Again"})
    changes = two(tmp_path, clauses=with_clause(new, without=("S-01",)))
    assert [(one.id, one.op) for one in changes] == [("S-05", "added"), ("S-01", "removed")]
    assert "何时: — -> 办理“登记”" in told(changes[0])
    assert "必须满足: 项目 电话 -> —" in told(changes[1])


def test_stages_actions_fields_and_roles_are_told_one_by_one(tmp_path: Path) -> None:
    changed = process()
    changed[0]["actions"][1]["by"] = "boss"
    changed[0]["stages"][0]["title"] = {"zh": "新件", "en": "New one"}
    found = two(tmp_path, processes=changed)
    assert [(one.part, one.id, told(one)) for one in found] == [
        ("stages", "ticket/new", ["名称: 新建 -> 新件"]),
        ("actions", "ticket/finish", ["由谁或按什么: 坐席、班长 -> 班长"]),
    ]
    assert found[1].roles == ("agent", "boss")


def test_a_parameters_value_changes_the_clauses_that_rest_on_it(tmp_path: Path) -> None:
    limit = {"id": "done_within", "title": {"zh": "办结", "en": "Done within"}, "value": "1h", "clause": "S-04"}
    book = sound(
        tmp_path,
        parameters=[limit],
        clauses=with_clause(clause(LIMIT, within={"param": "done_within"}), without=("S-04",)),
    )
    changes = compare(book, Book(book.handbook, book.text, {"done_within": "30m"})).changes
    assert [(one.part, one.id, told(one)) for one in changes] == [
        ("clauses", "S-04", ["期限: 1 小时（参数“办结”） -> 30 分钟（参数“办结”）"]),
        ("parameters", "done_within", ["数值: 1 小时 -> 30 分钟"]),
    ]


def test_counts_and_json_say_the_same(tmp_path: Path) -> None:
    before = sound(tmp_path)
    found = compare(before, load(write(tmp_path, clauses=with_clause(clause(LIMIT, within="30m"), without=("S-04",)))))
    assert found.counts == {"added": 0, "removed": 0, "changed": 1}
    assert found.as_json()["changes"][0]["fields"] == [
        {
            "key": "within",
            "label": {"zh": "期限", "en": "limit"},
            "before": {"zh": "1 小时", "en": "1 hour"},
            "after": {"zh": "30 分钟", "en": "30 minutes"},
        }
    ]


def test_every_key_of_a_clause_and_of_the_parts_has_words() -> None:
    models = (*KINDS.values(), Action, Calendar, FieldDef, Process, Record, Role, Stage)
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert sorted(keys - set(KEY_WORDS)) == []
