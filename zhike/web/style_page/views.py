"""Every component of the interface on one page, with its states and what it is made of; made-up content is marked 示例."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy

from zhike.web.base import times
from zhike.web.base.deadlines import Deadline, State
from zhike.web.base.fields import FieldView, Told
from zhike.web.base.refusals import Refusal
from zhike.web.context import Request

TYPE = (
    # step of tokens.css, size, a line written in it
    ("xxl", "20", gettext_lazy("一页的名字")),
    ("xl", "17", gettext_lazy("一节的名字")),
    ("l", "15", gettext_lazy("门户里的正文，空白处的标题")),
    ("m", "14", gettext_lazy("正文、按钮、表格")),
    ("s", "13", gettext_lazy("注解、经过里的细节")),
    ("xs", "12", gettext_lazy("表头、依据")),
)
COLOURS = (
    ("accent", gettext_lazy("可以按的")),
    ("running", gettext_lazy("进行中")),
    ("warned", gettext_lazy("即将到期")),
    ("overdue", gettext_lazy("已超时")),
    ("stopped", gettext_lazy("已停")),
    ("ink", gettext_lazy("正文")),
    ("quiet", gettext_lazy("次要文字")),
    ("line-firm", gettext_lazy("可以填的边框")),
    ("line", gettext_lazy("分隔线")),
    ("sheet", gettext_lazy("纸面")),
    ("ground", gettext_lazy("底色")),
)
"""Name in tokens.css, and what it is for."""
SPACES = ((1, 4), (2, 8), (3, 12), (4, 16), (6, 24), (8, 32), (12, 48))
"""Step, pixels."""


def parts() -> list[tuple[str, str]]:
    """(anchor, title) of the page's sections."""
    return [
        ("type", gettext("文字")), ("colours", gettext("颜色")), ("space", gettext("间距")), ("icons", gettext("图标")),
        ("time", gettext("时限")), ("buttons", gettext("按钮")), ("form", gettext("表单")), ("notes", gettext("提示")),
        ("list", gettext("列表")), ("facts", gettext("事实与经过")), ("empty", gettext("空白")),
    ]  # fmt: skip


@lru_cache(maxsize=1)
def icons() -> list[str]:
    """Every icon there is, by name, as the file itself has them."""
    place = finders.find("zhike/icons.svg")
    return re.findall(r'<symbol id="([^"]+)"', Path(str(place)).read_text(encoding="utf-8")) if place else []


def show(request: Request) -> HttpResponse:
    known = {
        "parts": parts(),
        "type": TYPE,
        "colours": COLOURS,
        "spaces": SPACES,
        "icons": icons(),
        "deadlines": deadlines(request.now),
        "fields": fields(),
        "refusals": [
            Refusal(gettext("请补上归属区县。"), "retail-hotline", "WARN-04", (("district", gettext("归属区县")),)),
        ],
    }
    return render(request, "style_page/show.html", known)


def deadlines(now: dt.datetime) -> list[Deadline]:
    """The four states, with a third, four fifths, all and half of the limit used."""
    made: tuple[tuple[State, str, int, int], ...] = (
        ("running", gettext("进行中"), 40, 33),
        ("warned", gettext("即将到期"), 6, 80),
        ("overdue", gettext("已超时"), -5, 100),
        ("stopped", gettext("按时完成"), 25, 58),
    )
    return [_deadline(now, *one) for one in made]


def _deadline(now: dt.datetime, state: State, word: str, minutes: int, share: int) -> Deadline:
    due = now + dt.timedelta(minutes=minutes)
    ended = state == "stopped"
    return Deadline(
        state=state, word=word, title=gettext("示例：填报 30 分钟"), holder=gettext("示例接线员"),
        left=times.outcome(due, now) if ended else times.time_left(due, now), due=times.moment(due, now), due_at=due,
        limit=times.limit({"amount": 60, "unit": "minute"}), share=share, handbook="retail-hotline", clause="WARN-05",
        case_id=0, clock_id=0, open=not ended,
    )  # fmt: skip


def fields() -> list[FieldView]:
    """One field of each shape, one of them wrong."""
    choices = (("a", gettext("示例东区")), ("b", gettext("示例西区")))
    return [
        FieldView("f-line", "line", gettext("一行文字"), "string", "line", required=True, value=gettext("示例")),
        FieldView(
            "f-area", "area", gettext("多行文字"), "text", "area", required=False, help=gettext("写清经过和要求。")
        ),
        FieldView(
            "f-choice",
            "choice",
            gettext("归属区县"),
            "enum",
            "choice",
            required=True,
            options=choices,
            errors=(Told(gettext("请补上归属区县。"), "retail-hotline", "WARN-04"),),
        ),
        FieldView("f-select", "select", gettext("从列表选"), "enum", "select", required=False, options=choices),
        FieldView("f-when", "when", gettext("时间"), "datetime", "line", required=False, input_type="datetime-local"),
        FieldView("f-files", "files", gettext("附件"), "files", "files", required=False),
    ]
