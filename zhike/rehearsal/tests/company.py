"""A small department with a handbook of its own, in which a test plays what it writes out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zhike.handbook.tests.folder import MANIFEST, TEXT, process, with_clause, write
from zhike.rehearsal.runner import Report, rehearse

SAID = "每位会员每季度回访一次。"
ABOUT: dict[str, Any] = {
    "id": "about", "title": {"zh": "会员资料", "en": "Club"}, "kind": "customer",
    "fields": [
        {"id": "member", "title": {"zh": "是会员", "en": "Member"}, "type": "bool"},
        {"id": "opened_on", "title": {"zh": "入会日", "en": "Since"}, "type": "date"},
    ],
}  # fmt: skip
CALL: dict[str, Any] = {
    "id": "call", "title": {"zh": "回访", "en": "Call"},
    "fields": [
        {
            "id": "result", "title": {"zh": "结果", "en": "Result"}, "type": "enum", "required": True,
            "choices": [
                {"id": "good", "title": {"zh": "满意", "en": "Good"}}, {"id": "bad", "title": {"zh": "不满意", "en": "Bad"}},
                {"id": "no_answer", "title": {"zh": "没接通", "en": "No answer"}},
            ],
        }
    ],
}  # fmt: skip
REGISTER, FINISH = MANIFEST["processes"][0]["actions"]
CALLS = {
    "id": "ring", "title": {"zh": "打电话", "en": "Ring"}, "by": "agent", "from": ["new", "raised"], "to": "new", "record": "call",
}  # fmt: skip
OWED: dict[str, Any] = {
    "id": "S-11", "kind": "duty", "title": {"zh": "会员回访", "en": "Members are called"}, "cites": "4", "quote": SAID,
    "process": "ticket", "for": "customer", "where": {"member": True}, "owes": "action.ring", "holder": "agent",
}  # fmt: skip
BACKGROUND = """# language: zh-CN
功能: 会员
  背景:
    假如 部门:
      | 名称 | 类别 | 上级 |
      | 示例中心 | 中心 | |
    而且 人员:
      | 姓名 | 角色 | 部门 |
      | 示例坐席 | 坐席 | 示例中心 |
      | 示例班长 | 班长 | 示例中心 |
    而且 现在是 2025-03-03 09:12:00
    而且 顾客:
      | 姓名 | 手机 |
      | 示例王 | 13800000009 |
      | 示例李 | 13800000008 |
    而且 「示例王」的档案:
      | 是会员 | 是 |
      | 入会日 | 2025-03-01 |
    而且 「示例李」的档案:
      | 是会员 | 否 |
    而且 「示例坐席」建立「工单」，记为「王的工单」:
      | 电话 | 13800000009 |
      | 类别 | 普通 |
"""


def folder_with(
    tmp_path: Path,
    *clauses: dict[str, Any],
    more_records: Sequence[dict[str, Any]] = (),
    more_actions: Sequence[dict[str, Any]] = (),
    **manifest: Any,
) -> Path:
    """The department with these clauses, forms and actions beside its usual ones."""
    actions = [REGISTER, CALLS, *more_actions, FINISH]
    return write(
        tmp_path, text=f"{TEXT}\n## 4 回访\n\n{SAID}\n", records=[*MANIFEST["records"], ABOUT, CALL, *more_records],
        clauses=with_clause(*clauses), processes=process(customer={"phone": "phone"}, actions=actions), **manifest,
    )  # fmt: skip


def played(tmp_path: Path, steps: str, *clauses: dict[str, Any], **manifest: Any) -> Report:
    """The steps of one scenario after the background."""
    folder = folder_with(tmp_path, *clauses, **manifest)
    (folder / "scenarios").mkdir(exist_ok=True)
    (folder / "scenarios" / "one.feature").write_text(f"{BACKGROUND}\n  场景: 一\n{steps}", encoding="utf-8")
    return rehearse(folder)


def holds(report: Report) -> bool:
    """Whether every scenario passed; says what failed otherwise."""
    assert [(one.step, one.because) for one in report.failures] == []
    return report.passed > 0
