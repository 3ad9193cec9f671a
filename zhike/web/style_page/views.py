"""Every component of the interface on one page, with made-up content marked 示例."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.web.base import times
from zhike.web.base.deadlines import Deadline, State
from zhike.web.base.fields import FieldView, Told
from zhike.web.base.refusals import Refusal
from zhike.web.context import Request


def show(request: Request) -> HttpResponse:
    known = {
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
