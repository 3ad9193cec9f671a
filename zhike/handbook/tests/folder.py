"""A small sound handbook on disk, and the same with one thing wrong."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.load import Loaded, examine, load
from zhike.handbook.problems import Problem

TEXT = """# 示例办法

## 1 总则

这一节说明用途。

## 2 登记

登记要写明电话。
来件按类别分派，急件派给班长，其他派给坐席。

## 3 时限

坐席在一小时内办结。
"""

MANIFEST: dict[str, Any] = {
    "name": "sample",
    "title": {"zh": "示例", "en": "Sample"},
    "version": "1",
    "effective": "2025-01-01",
    "unclaused": {"1": "说明用途"},
    "defaults": {"warn": ["80%"], "breach": ["mark_overdue", {"notify": "superior"}]},
    "departments": [{"id": "centre", "title": {"zh": "中心", "en": "Centre"}}],
    "roles": [
        {"id": "agent", "title": {"zh": "坐席", "en": "Agent"}, "at": "centre", "reports_to": "boss"},
        {"id": "boss", "title": {"zh": "班长", "en": "Boss"}, "at": "centre"},
    ],
    "records": [
        {
            "id": "ticket",
            "title": {"zh": "工单", "en": "Ticket"},
            "fields": [
                {"id": "phone", "title": {"zh": "电话", "en": "Phone"}, "type": "phone"},
                {
                    "id": "kind",
                    "title": {"zh": "类别", "en": "Kind"},
                    "type": "enum",
                    "required": True,
                    "choices": [
                        {"id": "urgent", "title": {"zh": "急件", "en": "Urgent"}},
                        {"id": "plain", "title": {"zh": "普通", "en": "Plain"}},
                    ],
                },
                {"id": "vip", "title": {"zh": "贵宾", "en": "VIP"}, "type": "bool"},
                {"id": "amount", "title": {"zh": "金额", "en": "Amount"}, "type": "money"},
            ],
        }
    ],
    "processes": [
        {
            "id": "ticket",
            "title": {"zh": "工单", "en": "Ticket"},
            "number": "T{yymmdd}-{seq}",
            "record": "ticket",
            "stages": [
                {"id": "new", "title": {"zh": "新建", "en": "New"}, "holder": "agent"},
                {"id": "raised", "title": {"zh": "上报", "en": "Raised"}, "holder": "boss"},
                {"id": "done", "title": {"zh": "办结", "en": "Done"}, "final": True},
            ],
            "actions": [
                {"id": "register", "title": {"zh": "登记", "en": "Register"}, "by": "agent", "record": "ticket"},
                {
                    "id": "finish",
                    "title": {"zh": "办结", "en": "Finish"},
                    "by": ["agent", "boss"],
                    "from": ["new", "raised"],
                    "to": "done",
                },
            ],
        }
    ],
}

GATE: dict[str, Any] = {
    "id": "S-01", "kind": "gate", "title": {"zh": "登记写电话", "en": "A phone is given"}, "cites": "2", "quote": "登记要写明电话。",
    "on": "action.register", "requires": {"fields": ["phone"]}, "refuse": {"zh": "请写电话。", "en": "Give a phone."},
}  # fmt: skip
URGENT: dict[str, Any] = {
    "id": "S-02", "kind": "route", "title": {"zh": "急件", "en": "Urgent"}, "cites": "2", "quote": "急件派给班长",
    "on": "action.register", "when": {"kind": "urgent"}, "to": "raised",
}  # fmt: skip
PLAIN: dict[str, Any] = {
    "id": "S-03", "kind": "route", "title": {"zh": "其他", "en": "Others"}, "cites": "2", "quote": "其他派给坐席",
    "on": "action.register", "when": {"kind": "plain"}, "to": "new",
}  # fmt: skip
LIMIT: dict[str, Any] = {
    "id": "S-04", "kind": "deadline", "title": {"zh": "一小时办结", "en": "Done in an hour"}, "cites": "3", "quote": "坐席在一小时内办结。",
    "starts": "case.opened", "until": "action.finish", "holder": "agent", "within": "1h",
}  # fmt: skip
CLAUSES = (GATE, URGENT, PLAIN, LIMIT)


def write(
    folder: Path,
    *,
    clauses: list[dict[str, Any]] | None = None,
    text: str = TEXT,
    raw: dict[str, str] | None = None,
    **manifest: Any,
) -> Path:
    """A handbook folder; keyword arguments replace parts of the manifest, `raw` adds files as they are. Returns the
    folder.
    """
    folder = folder / "sample"
    folder.mkdir(exist_ok=True)
    parts = {key: value for key, value in {**copy.deepcopy(MANIFEST), **manifest}.items() if value is not None}
    (folder / "handbook.yaml").write_text(json.dumps(parts, ensure_ascii=False, indent=1), encoding="utf-8")
    own = list(CLAUSES) if clauses is None else clauses
    (folder / "clauses.yaml").write_text(json.dumps({"clauses": own}, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "handbook.md").write_text(text, encoding="utf-8")
    for name, content in (raw or {}).items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def with_clause(*more: dict[str, Any], without: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The sound clauses with some more, or without some."""
    return [clause for clause in CLAUSES if clause["id"] not in without] + list(more)


def clause(like: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    """A clause with some keys changed; a value of None takes the key out."""
    return {key: value for key, value in {**like, **changes}.items() if value is not None}


def process(**changes: Any) -> list[dict[str, Any]]:
    return [{**copy.deepcopy(MANIFEST["processes"][0]), **changes}]


def examined(tmp_path: Path, **changes: Any) -> Loaded:
    return examine(write(tmp_path, **changes))


def found(tmp_path: Path, code: str, **changes: Any) -> Problem:
    """The one problem of that code in a handbook that is wrong in this way; fails where there is none or another code
    beside it.
    """
    loaded = examined(tmp_path, **changes)
    problems = loaded.errors + loaded.warnings
    match = [problem for problem in problems if problem.code == code]
    assert match, f"no {code} among {[problem.say('en') for problem in problems]}"
    return match[0]


def sound(tmp_path: Path, **changes: Any) -> Book:
    return load(write(tmp_path, **changes))
