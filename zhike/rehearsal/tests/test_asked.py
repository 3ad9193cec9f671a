"""A scenario plays what waits for consent: asked for, agreed to, declined, withdrawn, and too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.handbook.tests.folder import GATE, clause, with_clause, write
from zhike.rehearsal.runner import rehearse

pytestmark = pytest.mark.django_db
AGREED = clause(
    GATE, id="S-06", on="action.finish", requires={"approvals": ["boss"]}, refuse={"zh": "须班长同意。", "en": "The boss agrees."},
)  # fmt: skip
PLAYED = """# language: zh-CN
功能: 同意
  背景:
    假如 部门:
      | 名称 | 类别 | 上级 |
      | 示例中心 | 中心 | |
    而且 人员:
      | 姓名 | 角色 | 部门 |
      | 示例坐席 | 坐席 | 示例中心 |
      | 示例班长 | 班长 | 示例中心 |
    而且 现在是 2025-03-03 09:00
    而且 「示例坐席」建立「工单」，记为「示例单」:
      | 电话 | 13800000009 |
      | 类别 | 普通 |
    而且 「示例坐席」对「示例单」做「办结」

  场景: 同意以后办理
    那么 申请「办结」等「示例班长」同意
    而且 在「新建」
    当 09:30，「示例班长」同意办理「办结」
    那么 申请「办结」已经办理
    而且 已结办
    而且 台账「S-06」适用 1 次

  场景: 不同意写理由
    当 「示例班长」不同意办理「办结」
    那么 被拒绝
    当 「示例班长」不同意办理「办结」，理由“示例还没有回访”
    那么 申请「办结」没有办成
    而且 台账「S-06」拒绝 1 次

  场景: 撤回
    当 「示例坐席」撤回申请「办结」
    那么 申请「办结」没有办成

  场景: 一周没有人表态
    当 时间到 03-10 09:00:01
    那么 申请「办结」没有办成
"""


def test_a_scenario_plays_what_waits_for_consent(tmp_path: Path) -> None:
    folder = write(tmp_path, clauses=with_clause(AGREED))
    file = tmp_path / "asked.feature"
    file.write_text(PLAYED, encoding="utf-8")
    report = rehearse(folder, str(file))
    assert [(one.scenario, one.step, one.because) for one in report.failures] == []
    assert report.passed == 4
