"""What a handbook keeps of a customer is asked by its clauses: at the gate, on the way, and once the case is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zhike.handbook.tests.folder import GATE, MANIFEST, URGENT, clause, process, with_clause, write
from zhike.rehearsal.runner import Report, rehearse

pytestmark = pytest.mark.django_db
ABOUT: dict[str, Any] = {
    "id": "about", "title": {"zh": "会员资料", "en": "Club"}, "kind": "customer",
    "fields": [
        {
            "id": "club", "title": {"zh": "会员卡", "en": "Club card"}, "type": "enum",
            "choices": [{"id": "gold", "title": {"zh": "金卡", "en": "Gold"}}, {"id": "blue", "title": {"zh": "蓝卡", "en": "Blue"}}],
        },
        {"id": "spent", "title": {"zh": "消费", "en": "Spent"}, "type": "money"},
    ],
}  # fmt: skip
RAISED = clause(URGENT, id="S-02", when={"customer.spent": {"gte": 1000}, "kind": "plain"})
CLOSED = clause(
    GATE,
    id="S-06",
    on="action.register",
    requires={"facts": {"customer.club": {"ne": "blue"}}},
    refuse={"zh": "蓝卡另办。", "en": "Not blue."},
)
REGISTER, FINISH = MANIFEST["processes"][0]["actions"]
SCENARIO = """# language: zh-CN
功能: 会员
  背景:
    假如 部门:
      | 名称 | 类别 | 上级 |
      | 示例中心 | 中心 | |
    而且 人员:
      | 姓名 | 角色 | 部门 |
      | 示例坐席 | 坐席 | 示例中心 |
      | 示例班长 | 班长 | 示例中心 |
    而且 顾客:
      | 姓名 | 手机 |
      | 示例王 | 13800000009 |
    而且 现在是 2025-03-03 09:12:00
{steps}
"""


def rehearsed(tmp_path: Path, steps: str) -> Report:
    clauses = with_clause(RAISED, CLOSED, clause(URGENT, id="S-07"), without=("S-02", "S-03"))
    folder = write(
        tmp_path, records=[*MANIFEST["records"], ABOUT], clauses=clauses,
        processes=process(customer={"phone": "phone"}, actions=[{**REGISTER, "to": "new"}, FINISH]),
    )  # fmt: skip
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "club.feature").write_text(SCENARIO.format(steps=steps), encoding="utf-8")
    return rehearse(folder)


CARD = """
    假如 「示例王」的档案:
      | 字段 | 值 |
      | 会员卡 | {club} |
      | 消费 | {spent} |
    当 「示例坐席」建立「工单」:
      | 电话 | 13800000009 |
      | 类别 | 普通 |
"""


@pytest.mark.parametrize(("spent", "stage"), [("1000", "上报"), ("999.99", "新建")])
def test_where_a_case_goes_depends_on_what_is_kept_of_its_customer(tmp_path: Path, spent: str, stage: str) -> None:
    steps = "  场景: 一\n" + CARD.format(club="金卡", spent=spent) + f"    那么 「工单」在「{stage}」\n"
    report = rehearsed(tmp_path, steps)
    assert (report.passed, report.failures) == (1, [])


def test_a_gate_of_the_entry_action_knows_the_customer_before_the_case_has_him(tmp_path: Path) -> None:
    steps = "  场景: 一\n" + CARD.format(club="蓝卡", spent="5") + "    那么 被拒绝，依据「S-06」\n"
    report = rehearsed(tmp_path, steps)
    assert (report.passed, report.failures) == (1, [])


def test_a_field_the_form_does_not_have_is_the_scenarios_failure(tmp_path: Path) -> None:
    steps = "  场景: 一\n    假如 「示例王」的档案:\n      | 颜色 | 红 |\n"
    assert ["颜色" in failure.because for failure in rehearsed(tmp_path, steps).failures] == [True]
