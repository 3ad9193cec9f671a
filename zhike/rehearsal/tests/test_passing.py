"""What happens by itself while a scenario's time moves: every announcement at its moment; and what no scenario reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.handbook import library
from zhike.rehearsal.runner import rehearse
from zhike.rehearsal.tests.company import holds

pytestmark = pytest.mark.django_db
WAITING = """# language: zh-CN
功能: 时间
  背景:
    假如 使用样例部门与人员
    而且 现在是 2025-06-10 10:00

  场景: 等了五小时
    当 「示例客户」来电
    而且 时间到 10:01:59
    那么 会话在队列「咨询」
    当 时间到 10:02:00
    那么 会话在队列「备选组」
    当 时间到 15:00:00
    那么 日志记有 301 条「conversation.waited」
"""


def test_a_caller_who_waits_five_hours_is_told_his_place_every_minute(tmp_path: Path) -> None:
    file = tmp_path / "time.feature"
    file.write_text(WAITING, encoding="utf-8")
    report = rehearse(library.find("callcentre-plan"), str(file))
    assert holds(report)
    assert report.why["KB-02"] == "没有场景发生过：record.communication.completed"
    assert report.why["ASG-02"] == "conversation.queued发生过，但条件没有成立（看 channel）"
