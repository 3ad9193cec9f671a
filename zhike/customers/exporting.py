"""Customers to a file, as Excel or CSV: what the viewer's list shows, masked unless he may take it out in full.

Rows go out as they are read: memory does not grow with their number. No cell is a formula. The first line says who took
it, when, and under which number; the journal says so too. Fields a handbook keeps of customers are columns of their own.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import Prefetch

from zhike.customers.access import may_review, visible_customers
from zhike.customers.card_cells import CardField, card_fields, card_rows
from zhike.customers.events import CustomersExported
from zhike.customers.identifiers import shown, value_of
from zhike.customers.models import ContactPoint, Customer, Identifier
from zhike.customers.profile import CustomerRefused
from zhike.customers.queries import Asked, filtered, masked
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib import phone
from zhike.lib.sheets import Paper, SheetFull, write_rows
from zhike.lib.text import clean_line
from zhike.org.principals import Viewer

BATCH = 2000
COLUMNS = ("编号", "名称", "类型", "电话", "邮箱", "证件号码", "等级", "标签", "备注", "建档")
KINDS = {"person": "个人", "company": "单位"}
REFUSED = Text(
    zh="完整导出只给复核人员，并须写明用途。请导出打码的，或写明用途。",
    en="Only reviewers export in full, and say what for. Export masked, or write the purpose.",
)
TOO_MANY = Text(
    zh="超过 Excel 一张表的行数。请缩小范围，或导出 CSV。",
    en="More rows than a sheet holds. Narrow the filter, or take CSV.",
)


def export_customers(
    viewer: Viewer, asked: Asked, target: Path, *, now: dt.datetime, in_full: bool = False, purpose: str = "",
    limit: int | None = None,
) -> int:  # fmt: skip
    """Write the customers the viewer's list would show to `target`, .xlsx or .csv; how many. Raises CustomerRefused."""
    purpose = clean_line(purpose[:400])[:200]
    if in_full and not (may_review(viewer) and purpose):
        raise CustomerRefused({"purpose": REFUSED})
    mark = secrets.token_hex(5)
    own = tuple(card_fields(now).values())
    rows = _rows(viewer, asked, in_full, limit, own)
    head = f"导出人 {viewer.name}（{viewer.principal}） 时间 {now:%Y-%m-%d %H:%M}UTC 编号 {mark} 仅限工作使用"
    try:
        count = write_rows(target, Paper("客户", head, (*COLUMNS, *(one.title.zh for one in own))), rows)
    except SheetFull as error:
        raise CustomerRefused({"deed": TOO_MANY}) from error
    said = {name: getattr(asked, name) for name in ("q", "kind", "tier", "tag") if getattr(asked, name)} | dict(
        asked.own
    )
    with transaction.atomic():
        event = CustomersExported(count=count, asked=said, in_full=in_full, purpose=purpose, mark=mark)
        record([NewFact(event, at=now, subject=("export", 0), actor=viewer.principal)])
    return count


def _rows(
    viewer: Viewer, asked: Asked, in_full: bool, limit: int | None, own: Sequence[CardField]
) -> Iterator[list[str]]:
    before, left = None, limit
    related = (
        Prefetch("contact_points", ContactPoint.objects.order_by("pk")),
        Prefetch("identifiers", Identifier.objects.order_by("pk")),
    )
    cards = ["cards"] if own else []
    while left is None or left > 0:
        size = BATCH if left is None else min(BATCH, left)
        page = list(filtered(visible_customers(viewer), asked, before=before).prefetch_related(*related, *cards)[:size])
        kept = card_rows(page, own, in_full=in_full) if own else {}
        for customer in page:
            yield _cells(customer, in_full) + kept.get(customer.pk, [])
        if len(page) < size:
            return
        before = page[-1].pk
        left = None if left is None else left - size


def _cells(customer: Customer, in_full: bool) -> list[str]:
    points = list(customer.contact_points.all())
    phones = [phone.display(p.value) if in_full else masked("phone", p.value) for p in points if p.kind == "phone"]
    emails = [p.value if in_full else masked("email", p.value) for p in points if p.kind == "email"]
    numbers = [value_of(row) if in_full else shown(row).masked for row in customer.identifiers.all()]
    return [
        str(customer.pk), customer.name, KINDS[customer.kind], "；".join(phones), "；".join(emails),
        "；".join(numbers), customer.tier, "，".join(customer.tags), customer.remark,
        f"{customer.created_at:%Y-%m-%d}",
    ]  # fmt: skip
