"""What a handbook says and the product does not carry out is said, and never keeps the handbook out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import zhike
from zhike.handbook.common import Model
from zhike.handbook.load import examine
from zhike.handbook.tests.folder import MANIFEST, clause, with_clause, write
from zhike.handbook.tests.test_check import DUTY, GATE, LIMIT
from zhike.handbook.unrun import KEPT_ONLY, REPORTED, is_reported, unrun_of

CALLS = clause(LIMIT, id="S-06", starts="call.answered", until=["call.ended", "action.finish"])
LINES = clause(DUTY, id="S-06", starts=None, **{"for": "line"})
FROZEN = clause(LIMIT, id="S-06", breach=[{"void": "booking"}, {"notify": "agent"}])

TALK = {"starts": "conversation.asked", "until": "conversation.answered", "breach": [{"reassign": "agent"}]}
GIVEN = clause(LIMIT, id="S-06", **TALK)

SAID = [
    (CALLS, "现在还没有什么会报告“call.answered、call.ended”，要等到有了来源才执行。"),
    (LINES, "系统没有保管“line”的名单，也没有写从何时起欠，所以不会自动欠下。"),
    (GIVEN, "只记录、不自动执行：改派给另一岗位（只在工单上办得到）。"),
    (FROZEN, "只记录、不自动执行：使预约或承诺失效。"),
]


@pytest.mark.parametrize(("odd", "said"), SAID)
def test_it_is_installed_and_says_what_does_not_run(tmp_path: Path, odd: dict[str, Any], said: str) -> None:
    loaded = examine(write(tmp_path, clauses=with_clause(odd, without=("S-04",))))
    assert loaded.errors == []
    assert loaded.book is not None
    assert [text.zh for text in unrun_of(loaded.book)["S-06"]] == [said]
    [warning] = [problem for problem in loaded.warnings if problem.code == "not-run"]
    assert (warning.clause, warning.message.zh) == ("S-06", said)
    assert "可以安装" in warning.remedy.zh


def test_what_runs_is_not_complained_about(tmp_path: Path) -> None:
    loaded = examine(write(tmp_path, clauses=with_clause(clause(GATE, id="S-06", on="action.finish"))))
    assert loaded.book is not None
    assert unrun_of(loaded.book) == {}


def test_what_cases_carry_out_is_not_complained_about_either(tmp_path: Path) -> None:
    given = clause(LIMIT, id="S-06", breach=[{"reassign": "agent"}, {"reassign": "superior"}, {"reopen": True}])
    loaded = examine(write(tmp_path, clauses=with_clause(given, without=("S-04",))))
    assert loaded.book is not None
    assert (loaded.errors, unrun_of(loaded.book)) == ([], {})


def test_forms_and_roles_say_it_too(tmp_path: Path) -> None:
    records = [{**MANIFEST["records"][0], "copies": "archive"}, *MANIFEST["records"][1:]]
    loaded = examine(write(tmp_path, records=records))
    assert [(one.code, one.clause) for one in loaded.warnings if one.code == "not-run"] == [
        ("not-run", records[0]["id"])
    ]


def test_every_event_said_to_be_reported_is_named_where_it_comes_about() -> None:
    room = Path(zhike.__file__).parent
    rooms = [str(room / name) for name in ("cases", "conversations", "channels", "web", "handbook/closing.py")]
    said = ["grep", "-rhoE", "--include=*.py", r"(case|conversation|shift|sms|export|rank)\.[a-z_]+", *rooms]
    named = subprocess.run(said, capture_output=True, text=True, check=True).stdout.split()
    expected = {f"{family}.{event}" for family, events in REPORTED.items() for event in events}
    assert expected - set(named) == set()


EVENTS = [
    ("action.finish", True),
    ("presence.ready.entered", True),
    ("call.answered", False),
    ("conversation.dreamt", False),
]


@pytest.mark.parametrize(("event", "known"), EVENTS)
def test_an_event_is_reported_or_not(event: str, known: bool) -> None:
    assert is_reported(event) is known


def test_every_key_that_is_only_kept_exists() -> None:
    from zhike.handbook import clauses, common, structure, terms

    for name in KEPT_ONLY:
        owner, _, key = name.partition(".")
        model = next(found for room in (clauses, terms, structure, common) if (found := getattr(room, owner, None)))
        assert key in model.model_fields


def test_what_is_kept_for_so_long_is_deleted_but_not_directories_and_the_archive(tmp_path: Path) -> None:
    seen = {
        "id": "S-20", "kind": "visibility", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。",
        "to": [{"role": "agent"}], "keep": "24 months", "refuse": {"zh": "示例", "en": "Sample"},
    }  # fmt: skip
    warned = {
        of: [
            one.clause
            for one in examine(write(tmp_path, clauses=with_clause({**seen, "of": of}))).warnings
            if one.code == "not-run"
        ]
        for of in ("process.ticket", "record.ticket", "conversation", "page_trail", "lookup.ticket", "customer_data")
    }
    left = {"lookup.ticket": ["S-20"], "customer_data": ["S-20"]}
    assert warned == {of: left.get(of, []) for of in warned}
    kept = [{**MANIFEST["records"][0], "keep": "24 months"}]
    assert [one for one in examine(write(tmp_path, records=kept)).warnings if one.code == "not-run"] == []


FOR_READERS = {
    "permits": "tells that the text allows it", "is_cap": "tells what the amount is", "coverage": "coverage is counted whatever is asked",
    "watermark": "every file bears one", "aggregate_only": "part of Visibility.needs",
    "means": "tells what a fact is",
}  # fmt: skip
"""Keys no code needs, and why."""


def test_every_key_of_the_format_is_read_by_what_runs_or_said_to_be_only_kept() -> None:
    """By name: a key whose name is read nowhere outside the format, its check, its comparison and its description does nothing."""
    room = Path(zhike.__file__).parent
    apart = {"tests", "migrations", "compare", "describing", "check"}
    told = {"clauses.py", "terms.py", "structure.py", "picking.py", "unrun.py"}
    inside = [path.relative_to(room) for path in room.rglob("*.py")]
    sources = [room / path for path in inside if not apart & set(path.parts) and path.name not in told]
    names = {name for path in sources for name in re.findall(r"""(?:\.|["'])([a-z_0-9]+)\b""", path.read_text("utf-8"))}
    keys = {f"{model.__name__}.{key}": key for model in models_of_the_format() for key in model.model_fields}
    silent = {key for full, key in keys.items() if key not in names and full not in KEPT_ONLY}
    assert silent == set(FOR_READERS)


def models_of_the_format() -> list[type[Model]]:
    from zhike.handbook import amounts, clauses, picking, structure, terms

    found = [each for part in (amounts, clauses, picking, structure, terms) for each in vars(part).values()]
    return [each for each in found if isinstance(each, type) and issubclass(each, Model)]
