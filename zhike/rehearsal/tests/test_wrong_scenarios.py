"""Scenarios that are written wrong: each says where, what, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.handbook.tests.folder import clause
from zhike.rehearsal.features import BadFeature, read_feature
from zhike.rehearsal.runner import rehearse
from zhike.rehearsal.tests.company import BACKGROUND, OWED, folder_with
from zhike.rehearsal.vocabulary import listed

WRONG: dict[str, tuple[str, str]] = {
    "「示例坐席」新建「工单」": ("相近的写法：「…」建立「…」", "当"),
    "台帐「S-01」适用 1 次": ("相近的写法：台账「…」", "那么"),
    "时限「S-11」正在走": ("时限「…」(在走", "那么"),
    "9点30分，「示例坐席」做「办结」": ("开头的时刻写成 09:30", "当"),
    "「示例坐席」做「办结": ("没有成对", "当"),
    "「示例坐席」对「工单」做「办完」": ("是不是“办结”", "当"),
    "「示例座席」对「工单」做「办结」": ("是不是“示例坐席”", "当"),
    "「王的工单」在「新见」": ("是不是“新建”", "那么"),
    "「李的工单」在「新建」": ("是不是“王的工单”", "那么"),
    "「示例王二」的档案": ("是不是“示例王”", "当"),
    "例行「S-1」待办": ("不是条款。是不是“S-", "那么"),
    "日志记有「case.open」": ("是不是“case.opened”", "那么"),
    "「王的工单」的责任部门是「示例中必」": ("是不是“示例中心”", "那么"),
    "参数「limit」为 3": ("不是参数", "假如"),
    "指标「接通率」是 50%": ("不是指标", "那么"),
    "「示例坐席」把会话转给「售前」": ("“售前”不是同事或队列。可以写：示例坐席", "当"),
    "「示例坐席」建立「工单」，内容「常用」": ("不是常用内容", "当"),
    "现在是 2025-13-40 09:00": ("不是日期", "当"),
    "时间到 03-01 09:00": ("时间不能倒退", "当"),
    "「班长组」的待办为空": ("不是剧中的人或角色", "那么"),
    "「示例坐席」建立「工单」\n    那么 「工单」轮到「坐席」": ("上一步被拒绝，没有步骤预期它：请选择", "当"),
}
TABLED: dict[str, str] = {
    "人员:\n      | 名字 | 角色 |\n      | 示例丙 | 坐席 |": "表头缺少“姓名”",
    "人员:\n      | 姓名 | 角色 | 部们 |\n      | 示例丙 | 坐席 | |": "是不是“部门”",
    "「示例坐席」建立「工单」:\n      | 电活 | 13800000009 |": "是不是“电话”",
    "过了 1小时:\n      | 甲 | 乙 |": "后面不带表格",
    "日历「早班」:\n      | 周一 | 九点 |": "每行写星期和时段",
}


@pytest.mark.django_db
def test_each_wrong_step_says_where_it_is_what_is_wrong_and_what_to_write(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, clause(OWED, every="calendar_month"))
    (folder / "scenarios").mkdir()
    steps = [
        *((f"{key} {text}", said) for text, (said, key) in WRONG.items()),
        *((f"当 {text}", said) for text, said in TABLED.items()),
    ]
    text = BACKGROUND + "".join(f"\n  场景: {n}\n    {step}\n" for n, (step, _) in enumerate(steps))
    (folder / "scenarios" / "wrong.feature").write_text(text, encoding="utf-8")
    report = rehearse(folder)
    because = {int(one.scenario): one.because for one in report.failures}
    told = [f"{step} -> {because.get(n)}" for n, (step, said) in enumerate(steps) if said not in (because.get(n) or "")]
    assert "\n".join(told) == ""
    lines = text.splitlines()
    shown = {one.step: lines[one.line - 1][one.column - 1 :] for one in report.failures}
    assert shown["「示例坐席」新建「工单」"].startswith("「示例坐席」新建")
    assert shown["「示例座席」对「工单」做「办结」"].startswith("示例座席」对")
    assert shown["「示例坐席」建立「工单」:"].startswith("电活")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("功能: 甲\n  场景: 一\n    当 过了 1小时\n", "第一行要写“# language: zh-CN”"),
        ("# language: zh-CN\n功能: 甲\n  场景: 一\n    然后 过了 1小时\n", "“然后 过了 1小时”被当成了说明"),
        (
            "# language: zh-CN\n功能: 甲\n  场景: 一\n    当 过了 1小时\n    然后 过了 1小时\n",
            "5:5: 读不懂“然后 过了 1小时”",
        ),
        (
            "# language: zh-CN\n功能: 甲\n  场景: 一\n    当 部门:\n      | 甲 | 乙 |\n      | 丙 |\n",
            "格数和上一行不同",
        ),
    ],
)
def test_a_file_that_is_no_gherkin_says_its_line_and_how_a_line_begins(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.feature"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadFeature, match=r"a\.feature") as caught:
        read_feature(file)
    assert said in str(caught.value)


def test_every_step_is_shown_as_it_is_written_and_not_as_an_expression() -> None:
    assert [shown for shown in listed() if set(shown) & set("\\^$?*+{}") or "(?:" in shown] == []
