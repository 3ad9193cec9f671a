"""A sample history replayed through the real engine, at past times: what was due in between fires at its own moment."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.cases.refusals import CaseError
from zhike.handbook.book import Book
from zhike.org.access import sample_staff
from zhike.org.handbooks import book_of
from zhike.org.handbooks import viewer as viewer_of
from zhike.org.models import HandbookVersion
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer
from zhike.records.attachments import store_attachment
from zhike.web.sandbox.steps import fire_until

DAY_AT = re.compile(r"^-(\d+)d (\d{2}):(\d{2})$")
AROUND = re.compile(r"^([+-])(?:(\d+)h)?(?:(\d+)m)?$")
BEFORE = re.compile(r"^-(?:(\d+)h)?(?:(\d+)m)?$")


class Unexpected(Exception):
    """A deed of the history did not end as the file says; names the deed."""


@dataclass(slots=True)
class History:
    """A replay under way: the cases by the names the file gives them, and who acts."""

    version: HandbookVersion
    book: Book
    cases: dict[str, int] = field(default_factory=dict)
    viewers: dict[str, Viewer] = field(default_factory=dict)


def replay(deeds: Sequence[Mapping[str, Any]], version: HandbookVersion, now: dt.datetime) -> int:
    """Carry the deeds out in the order of time and let time pass until `now`; answers how many. Raises Unexpected."""
    history = History(version, book_of(version.pk))
    zone = ZoneInfo(history.book.handbook.zone)
    timed = sorted(
        ((moment_of(deed["at"], now, zone), n, deed) for n, deed in enumerate(deeds)), key=lambda each: each[:2]
    )
    here = timed[0][0] if timed else now
    for at, _, deed in timed:
        fire_until(at, here)
        here = at
        _carry_out(history, deed, at)
    fire_until(now, here)
    return len(timed)


def moment_of(text: str, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """`-3d 09:00`: that wall time three days before today; `-1h30m`: so long before `now`. Never later than `now`.

    >>> moment_of("-1d 09:30", dt.datetime(2025, 6, 10, 4, tzinfo=dt.UTC), ZoneInfo("Asia/Shanghai")).isoformat()
    '2025-06-09T09:30:00+08:00'
    """
    if found := DAY_AT.match(text):
        days, hour, minute = map(int, found.groups())
        day = now.astimezone(zone).date() - dt.timedelta(days=days)
        return min(now, dt.datetime.combine(day, dt.time(hour, minute), zone))
    if (found := BEFORE.match(text)) and any(found.groups()):
        return now - dt.timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))
    raise Unexpected(f"'{text}' is no time of the history; write -3d 09:00, -25m or -1h30m")


def _carry_out(history: History, deed: Mapping[str, Any], at: dt.datetime) -> None:
    what = f"{deed['at']} {deed['action']}"
    try:
        case = _deed(history, deed, at)
    except CaseError as error:
        if not deed.get("refused"):
            raise Unexpected(f"{what}: {error}") from error
        return
    except LookupError as error:
        raise Unexpected(f"{what}: {error} is not known") from error
    if deed.get("refused"):
        raise Unexpected(f"{what}: it was expected to be refused, and was not")
    if name := deed.get("as"):
        history.cases[name] = case.pk
    if name := deed.get("child"):
        history.cases[name] = case.children.order_by("-id").values_list("pk", flat=True)[0]


def _deed(history: History, deed: Mapping[str, Any], at: dt.datetime) -> Case:
    viewer, action = _viewer(history, deed["by"]), deed["action"]
    process = deed.get("open") or Case.objects.values_list("process", flat=True).get(pk=history.cases[deed["case"]])
    values, tokens = _values(history.book, process, action, deed.get("values") or {}, at), _pictures(deed, viewer, at)
    if tokens and (name := _files_field(history.book, process, action)):
        values[name] = tokens
    if "open" not in deed:
        return take_action(history.cases[deed["case"]], action, values, by=viewer, now=at, attachments=tokens)
    source = "portal" if viewer is ANONYMOUS_VIEWER else "desk"
    return open_case(
        history.version, process, action, values, by=viewer, now=at, attachments=tokens, source=source, is_sample=True
    )


def _values(book: Book, process: str, action: str, given: Mapping[str, Any], at: dt.datetime) -> dict[str, Any]:
    """What is typed; a moment written `-5m` or `+8h30m` is so long before or after the deed."""
    record = book.action(process, action).record
    moments = {field.id for field in book.record(record).fields if field.type == "datetime"} if record else set()
    return {name: _around(value, at) if name in moments else value for name, value in given.items()}


def _around(value: Any, at: dt.datetime) -> Any:
    found = AROUND.match(str(value))
    if not found or not any(found.groups()[1:]):
        return value
    span = dt.timedelta(hours=int(found[2] or 0), minutes=int(found[3] or 0))
    return (at + span if found[1] == "+" else at - span).isoformat()


def _viewer(history: History, by: Any) -> Viewer:
    """A sample member of staff by user name; a customer is nobody in particular until his case exists."""
    if isinstance(by, Mapping):
        return ANONYMOUS_VIEWER
    if by not in history.viewers:
        history.viewers[by] = viewer_of(sample_staff(username=by))
    return history.viewers[by]


def _files_field(book: Book, process: str, action: str) -> str:
    record = book.action(process, action).record
    return next((each.id for each in book.record(record).fields if each.type == "files"), "") if record else ""


def _pictures(deed: Mapping[str, Any], viewer: Viewer, at: dt.datetime) -> list[str]:
    count = int(deed.get("pictures") or 0)
    return [
        store_attachment(draw(number), f"示例照片{number}.png", by=viewer.principal, now=at).token
        for number in range(1, count + 1)
    ]


def draw(number: int) -> bytes:
    """A plain picture that nobody takes for a photograph of anything."""
    picture = Image.new("RGB", (640, 400), (226, 230, 236))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((24, 24, 616, 376), outline=(120, 132, 148), width=4)
    pen.line((24, 24, 616, 376), fill=(120, 132, 148), width=2)
    pen.line((616, 24, 24, 376), fill=(120, 132, 148), width=2)
    pen.text((300, 190), f"SAMPLE {number}", fill=(70, 80, 96))
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
