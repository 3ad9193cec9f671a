"""A small handbook with a field of every type, a directory with its clauses, and the people who use them."""

from __future__ import annotations

import datetime as dt
import io
from zoneinfo import ZoneInfo

from PIL import Image

from zhike.handbook.book import Book
from zhike.handbook.structure import Handbook
from zhike.org.principals import Viewer

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2025, 6, 10, 9, 30, tzinfo=ZONE)
AGENT, STRANGER = "staff:5", "staff:6"


def at(text: str) -> dt.datetime:
    """`at("2025-06-10 09:30")`, in Shanghai."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


def field(name: str, type_: str, **more: object) -> dict[str, object]:
    return {"id": name, "title": {"zh": f"{name}栏", "en": name.title()}, "type": type_, **more}


CHOICES = [
    {"id": "query", "title": {"zh": "查询", "en": "Query"}},
    {"id": "complaint", "title": {"zh": "投诉", "en": "Complaint"}},
    {"id": "other", "title": {"zh": "其他", "en": "Other"}, "explain": True},
]

TICKET = [
    field("caller", "string"),
    field("words", "text"),
    field("times", "int", least=0, most=99),
    field("share", "decimal"),
    field("loss", "money", least=0),
    field("satisfied", "bool"),
    field("sort", "enum", choices=CHOICES),
    field("topics", "multi", options="topics"),
    field("day", "date"),
    field("clock", "time"),
    field("called_at", "datetime"),
    field("mobile", "phone", sensitive=True),
    field("mail", "email"),
    field("card", "id_number"),
    field("store", "department", kind="store"),
    field("colleague", "staff"),
    field("buyer", "customer"),
    field("ticket", "case"),
    field("outlet", "record", kind="outlet"),
    field("goods", "rows", columns=[field("name", "string", required=True), field("count", "int", least=1)]),
    field("pictures", "files"),
    field("agreed_by", "signature"),
    field("period", "daterange"),
    field("extras", "map"),
    field("ballot", "votes"),
    field("second", "offset"),
    field("party", "staff_or_department"),
    field("code", "string", pattern="[A-Z]{2}\\d{4}"),
    field("pin", "secret"),
]
"""One field of every type, none required."""

COMPLAINT = [
    field("sort", "enum", choices=CHOICES, required=True),
    field("item", "string", shown_when={"sort": "complaint"}, required_when={"sort": "complaint"}),
    field("detail", "text", shown_when={"item": {"present": True}}),
    field("claim", "money", required_when={"loss_known": True}),
    field("mobile", "phone", required=True, absence=True),
    field("level", "int", default=1),
    field("used", "int", must={"used": {"lte": {"fact": "had"}}}),
    field("had", "int"),
    field("log", "text", append_only=True),
    field("written_at", "datetime", automatic="now"),
    field("written_by", "staff", automatic="actor"),
    field("round", "int", automatic="round"),
]

RECEIPT = [
    field("content", "text", required=True),
    field("delivered_by", "signature"),
    field("received_by", "signature"),
]

OUTLET = [
    field("name", "string", required=True),
    field("address", "string"),
    field("contact_phone", "phone"),
    field("counters", "rows", columns=[field("counter", "string"), field("phone", "phone")]),
    field("district", "enum", options="districts"),
    field("store", "department", kind="store"),
    field("rent", "money", sensitive=True),
    field("updated_at", "datetime", automatic="now"),
]

ANSWERS = [field("topic", "enum", options="topics", required=True), field("answer", "text", required=True)]

SHOW_OUTLET = {
    "id": "SVC-03", "kind": "visibility", "title": "网点资料", "cites": "1", "quote": "网点资料由热线使用",
    "of": "lookup.outlet", "fields": ["name", "address", "contact_phone", "district"], "to": [{"role": "agent"}],
    "refuse": {"zh": "网点资料由热线使用。", "en": "Outlets are for the hotline."},
}  # fmt: skip
SHOW_ANSWERS = {
    "id": "SVC-02", "kind": "visibility", "title": "两项查询", "cites": "1", "quote": "可以答复两项查询",
    "of": "lookup.answers", "topics": {"topic": ["price", "job"]}, "to": [{"role": "agent"}],
    "refuse": {"zh": "只答复价格和招聘。", "en": "Only prices and jobs are answered."},
    "missing": [{"finding": "answer_missing"}, {"notify": "supervisor"}],
}  # fmt: skip


def record(name: str, fields: list[dict[str, object]], **more: object) -> dict[str, object]:
    return {"id": name, "title": {"zh": name, "en": name}, "fields": fields, **more}


HANDBOOK = Handbook.model_validate(
    {
        "name": "example-desk",
        "title": "示例",
        "version": "1",
        "effective": "2025-01-01",
        "departments": [{"id": "store", "title": "门店"}],
        "roles": [
            {"id": "agent", "title": "接线员", "screens": ["desk", "lookup"]},
            {"id": "supervisor", "title": "主管", "screens": ["desk", "lookup"]},
            {"id": "keeper", "title": "资料员", "screens": ["administration"]},
        ],
        "options": {
            "topics": [
                {"id": "price", "title": "价格"},
                {"id": "job", "title": "招聘"},
                {"id": "rumour", "title": "传闻"},
            ],
            "districts": [{"id": "north", "title": {"zh": "城北", "en": "North"}}, {"id": "south", "title": "城南"}],
        },
        "records": [
            record("ticket", TICKET),
            record("complaint", COMPLAINT),
            record("receipt", RECEIPT),
            record("outlet", OUTLET, kind="reference", label="name", kept_by=["keeper"]),
            record("answers", ANSWERS, kind="reference", label="topic", kept_by=["keeper"]),
            record("notices", [field("title", "string", required=True)], kind="reference", kept_by=["keeper"]),
        ],
        "clauses": [SHOW_OUTLET, SHOW_ANSWERS],
    }
)
BOOK = Book(HANDBOOK, "# 示例\n\n## 1 资料\n\n网点资料由热线使用。可以答复两项查询。\n")


def viewer(role: str, number: int, screens: tuple[str, ...] = ()) -> Viewer:
    keys = frozenset({f"staff:{number}", f"{BOOK.name}:{role}"})
    return Viewer(principal=f"staff:{number}", keys=keys, screens=frozenset(screens), roles=((BOOK.name, role, None),))


HOTLINE = viewer("agent", 5, ("desk", "lookup"))
SUPERVISOR = viewer("supervisor", 7, ("desk", "lookup"))
KEEPER = viewer("keeper", 8, ("administration",))
OUTSIDER = viewer("cleaner", 9)


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (30, 90, 160)).save(target, kind)
    return target.getvalue()
