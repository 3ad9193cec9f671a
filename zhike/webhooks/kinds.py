"""What can be subscribed to. A kind is an event of the journal; of its payload the fields named here go out, and no others:
what somebody wrote stays in the house, and is read over the API through its own gate.

The names and fields are a contract (docs/webhooks.md): fields are added, never taken away or given another meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zhike.handbook.common import Text

VERSION = 1
"""Of the payload."""
PING = "ping"


@dataclass(frozen=True, slots=True)
class Kind:
    """`fields` of the event's payload that go out as `data`; `example` is one such `data`."""

    words: Text
    example: Mapping[str, Any]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.example)


def _kind(zh: str, en: str, **example: Any) -> Kind:
    return Kind(Text(zh=zh, en=en), example)


DUE = "2025-06-10T09:30:00+08:00"
HOLDERS = ["staff:5"]

KINDS: dict[str, Kind] = {
    "case.opened": _kind(
        "建单", "A case was opened", number="FW250610-000007", process="service_ticket", stage="recorded", source="desk"
    ),
    "case.action_taken": _kind(
        "办理", "An action was taken", number="FW250610-000007", process="service_ticket", action="classify",
        stage_before="recorded", stage="handling", round=1,
    ),
    "case.moved": _kind(
        "环节随关联工单变化", "The stage changed because of a related case", number="FW250610-000007",
        stage_before="handling", stage="recontact",
    ),
    "case.owner_changed": _kind("换人办理", "Another owner", owner=6, before=5),
    "case.note_added": _kind("备注或留言", "A note or a message was added", note=31, internal=True),
    "case.closed": _kind("结办", "A case was closed", number="FW250610-000007"),
    "case.reopened": _kind("重新打开", "A case was opened again", number="FW250610-000007"),
    # Which case it went into or came from stays here: not everybody who sees one may see the other.
    "case.merged": _kind("并入另一张工单", "It goes on under another case"),
    "case.absorbed": _kind("另一张工单并入本单", "Another case goes on here"),
    "case.merge_undone": _kind("撤销合并", "A merge was undone"),
    "case.split": _kind("拆分出新工单", "A part of it goes on as a case of its own"),
    "case.split_off": _kind("由拆分而来", "It came of a split"),
    "case.deed_undone": _kind("撤销一次办理", "An action was taken back", deed=120, action="classify"),
    "case.refused": _kind("制度拒绝了一次办理", "The handbook refused an action", process="service_ticket", action="close"),
    "case.finding_made": _kind("作出认定", "A finding was made", finding="store_responsible"),
    "case.deemed": _kind("到期视为", "Silence was taken for something", what="accepted"),
    "clock.started": _kind("开始计时", "A limit began to run", clock=41, holders=HOLDERS, due_at=DUE),
    "clock.warned": _kind("时限预警", "A limit is nearly used up", clock=41, holders=HOLDERS, due_at=DUE, share=80.0),
    "clock.target_passed": _kind("目标时间已过", "The target of a limit passed", clock=41, holders=HOLDERS, due_at=DUE),
    "clock.breached": _kind("超时", "A limit was exceeded", clock=41, holders=HOLDERS, due_at=DUE),
    "clock.stopped": _kind(
        "计时结束", "A limit was met or ended", clock=41, holders=HOLDERS, due_at=DUE, minutes=25.0, late_minutes=0.0
    ),
    "clock.paused": _kind("暂停计时", "A limit was paused", clock=41),
    "clock.resumed": _kind("继续计时", "A limit runs on", clock=41, due_at=DUE),
    "clock.reassigned": _kind("时限换人", "A limit has another holder", clock=41, before=["staff:4"], holders=HOLDERS),
    "clock.extended": _kind("延期", "A limit was extended", clock=41, before=DUE, due_at="2025-06-10T10:30:00+08:00"),
    "clock.cancelled": _kind("计时取消", "A limit was cancelled", clock=41, was_overdue=False),
    "duty.owed": _kind("例行任务产生", "A duty is owed", obligation=12, period="2025-06-10", holders=HOLDERS),
    "duty.met": _kind("例行任务完成", "A duty was met", obligation=12, period="2025-06-10", holders=HOLDERS, late=False),
    "duty.missed": _kind("例行任务未办", "A duty was missed", obligation=12, period="2025-06-10", holders=HOLDERS),
    "sanction.drafted": _kind("奖惩待确认", "A sanction awaits its confirmation", form="reminder", count=1),
    "sanction.confirmed": _kind("奖惩确认", "A sanction was confirmed", draft=120),
    "notice.told": _kind("通知送达", "A notice was addressed to the owner", notice=5, kind="warned", count=1),
}  # fmt: skip
"""{type of the event: what it is}."""
