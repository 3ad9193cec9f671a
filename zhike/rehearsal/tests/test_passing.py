"""What happens by itself while a scenario's time moves: every announcement at its moment, offers that go round, who falls silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.handbook import library
from zhike.rehearsal.runner import rehearse
from zhike.rehearsal.tests.company import holds

pytestmark = pytest.mark.django_db
BEGIN = """# language: zh-CN
功能: 时间
  背景:
    假如 使用样例部门与人员
    而且 现在是 2025-06-10 10:00
"""


def played(tmp_path: Path, *scenarios: str) -> bool:
    file = tmp_path / "time.feature"
    file.write_text(BEGIN + "".join(f"\n  场景: {n}\n{steps}" for n, steps in enumerate(scenarios)), encoding="utf-8")
    return holds(rehearse(library.find("callcentre-plan"), str(file)))


def test_a_caller_who_waits_five_hours_is_told_his_place_every_minute(tmp_path: Path) -> None:
    told = (
        "    当 「示例客户」来电\n    而且 时间到 10:01:59\n    那么 会话在队列「咨询」\n"
        "    当 时间到 10:02:00\n    那么 会话在队列「备选组」\n"
        "    当 时间到 15:00:00\n    那么 日志记有 301 条「conversation.waited」\n"
    )
    silent = "    当 「示例客服甲」就绪\n    而且 「示例客服甲」断线\n    而且 时间到 10:30\n    那么 「示例客服甲」是离线状态\n"
    circle = (
        "    当 「示例客服甲」就绪\n    而且 「示例客服乙」就绪\n    而且 「示例客户」在邮件写来“在吗”\n    而且 时间到 06-20 10:00\n"
        "    那么 会话派给了「示例客服乙」\n"
    )
    assert played(tmp_path, told, silent, circle)
