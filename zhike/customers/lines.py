"""What the lines of a file say of customers, and writing a chunk of them at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from zhike.customers.card_cells import CardValues, CellReader, card_fields
from zhike.customers.events import CustomerImported
from zhike.customers.identifiers import SORTS
from zhike.customers.models import ContactPoint, Customer, CustomerCard, Identifier, ImportFault, ImportRun
from zhike.customers.naming import name_key
from zhike.customers.profile import MOST_TAGS, Checked, Draft, check
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.sealed import Keyring
from zhike.lib.tables import LOST
from zhike.org.keys import keyring

Contact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """What a column may be; `recognises` when a customer is known by it."""

    title: Text
    names: frozenset[str]
    recognises: bool = False


def _field(zh: str, en: str, names: str, recognises: bool = False) -> Field:
    return Field(Text(zh=zh, en=en), frozenset({zh, en.lower(), *names.split()}), recognises)


FIELDS: dict[str, Field] = {
    "name": _field("名称", "Name", "姓名 客户 客户名称 客户姓名 单位名称 公司名称 企业名称 联系人 customer"),
    "kind": _field("类型", "Kind", "客户类型 性质"),
    "phone": _field("电话", "Phone", "手机 手机号 手机号码 联系电话 电话号码 mobile tel", True),
    "phone2": _field("电话二", "Second phone", "备用电话 座机 固定电话 phone2", True),
    "email": _field("邮箱", "E-mail", "电子邮箱 邮件 email mail", True),
    "resident_id": _field("居民身份证号", "Resident identity number", "身份证 身份证号 身份证号码 证件号码", True),
    "credit_code": _field("统一社会信用代码", "Unified social credit code", "信用代码 税号 纳税人识别号", True),
    "organisation_code": _field("组织机构代码", "Organisation code", "机构代码", True),
    "tier": _field("等级", "Tier", "客户等级 会员等级 级别 level"),
    "tags": _field("标签", "Tags", "tag"),
    "remark": _field("备注", "Remark", "说明 note notes"),
}
COMPANIES = {"单位", "企业", "公司", "机构", "company"}
LOST_WORDS = Text(
    zh="Excel把号码存成了数字，末几位已经丢失。请把这一列设为“文本”后重新填写。",
    en="Excel kept the number as a figure and lost its last digits. Format the column as text and write it again.",
)
NO_CONTACT = Text(
    zh="没有电话、邮箱或证件号码，认不出是哪位客户。请补上一项。",
    en="No phone number, address or identity number to know the customer by. Add one.",
)
TWO_OWNERS = Text(
    zh="号码分别属于两位客户。请核对；是同一位就先合并。",
    en="The numbers belong to two different customers. Compare them; if they are one, merge them first.",
)
OTHER_NUMBER = Text(
    zh="这位客户已登记了另一个{title}。请核对后在客户页上修改。",
    en="This customer has another number ({title}). Compare it and correct it on his page.",
)


def fields_at(now: dt.datetime) -> dict[str, Field]:
    """What a column may be: the archive's own fields, then those of the handbooks in force as `handbook.field`."""
    own = {key: Field(one.title, _names_of(one.field.title)) for key, one in card_fields(now).items()}
    return FIELDS | own


def _names_of(title: Text) -> frozenset[str]:
    return frozenset({title.zh.lower(), title.say("en").lower()})


def guess(head: Sequence[str], fields: Mapping[str, Field] = FIELDS) -> dict[str, str]:
    """{"0": "name"}: each field at most once, by the names of the columns."""
    found: dict[str, str] = {}
    for number, name in enumerate(head):
        whole = name.strip().lower()
        plain = re.sub(r"[\s*（(].*$", "", name).strip().lower() or whole
        for key, each in fields.items():
            if {plain, whole} & each.names and key not in found.values():
                found[str(number)] = key
                break
    return found


def read_line(cells: Sequence[str], columns: Mapping[str, str]) -> Draft:
    """A line as a draft."""
    said = {key: cells[int(number)] for number, key in columns.items() if int(number) < len(cells)}
    kind = said.get("kind", "").lower()
    is_company = kind in COMPANIES or (not kind and bool(said.get("credit_code") or said.get("organisation_code")))
    return Draft(
        name=said.get("name", ""),
        kind="company" if is_company else "person",
        tier=said.get("tier", ""),
        remark=said.get("remark", ""),
        tags=tuple(re.split(r"[,，;；、|]", said.get("tags", ""))),
        phones=(said.get("phone", ""), said.get("phone2", "")),
        emails=(said.get("email", ""),),
        identifiers={key: said[key] for key in SORTS if said.get(key)},
    )


@dataclass(slots=True, eq=False)
class Known:
    """A customer of this chunk, in the archive already or about to be."""

    customer: Customer
    line: int
    is_new: bool
    numbers: dict[str, str] = field(default_factory=dict)
    """{kind of identifier: blind}"""
    changed: set[str] = field(default_factory=set)
    contacts: list[Contact] = field(default_factory=list)
    identifiers: list[Contact] = field(default_factory=list)
    cards: CardValues = field(default_factory=dict)
    """As they are kept, with what the lines so far add."""
    filled: set[str] = field(default_factory=set)
    """Handbooks whose card changed."""


@dataclass(slots=True)
class Line:
    """One line as it would be taken: what it says of the archive's fields and of the cards, and what is wrong."""

    number: int
    cells: list[str]
    checked: Checked
    cards: CardValues


class Chunk:
    """Some lines of a run, taken in their order as if one by one, written with a handful of statements."""

    def __init__(self, run: ImportRun, now: dt.datetime) -> None:
        self.run, self.now = run, now
        self.ring: Keyring = keyring()
        self.reader = CellReader(run.columns, now, run.by)
        self.by_contact: dict[Contact, Known] = {}
        self.by_number: dict[Contact, Known] = {}
        self.touched: dict[int, Known] = {}
        self.faults: list[ImportFault] = []
        self.added = self.filled = self.unchanged = self.refused = 0

    def apply(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        self._take_all(rows)
        self._write()

    def look(self, rows: Sequence[tuple[int, list[str]]]) -> list[Line]:
        """The same, written nowhere: each line with what it would be refused for. Within a transaction, because it locks."""
        return self._take_all(rows)

    def _take_all(self, rows: Sequence[tuple[int, list[str]]]) -> list[Line]:
        read = [self._check(line, cells) for line, cells in rows]
        self._load([each.checked for each in read])
        for each in read:
            self._take(each)
        return read

    def _check(self, line: int, cells: list[str]) -> Line:
        checked = check(read_line(cells, self.run.columns))
        cards, unread = self.reader.read(cells)
        checked.problems |= unread
        for number, key in self.run.columns.items():
            if cells[int(number) : int(number) + 1] == [LOST]:
                checked.problems[key] = LOST_WORDS
        if not (checked.problems or checked.contacts or checked.identifiers):
            checked.problems["phone"] = NO_CONTACT
        checked.tags = sorted({*checked.tags, *self.run.tags})[:MOST_TAGS]
        return Line(line, cells, checked, cards)

    def _load(self, lines: Sequence[Checked]) -> None:
        """Who has these contacts and numbers already, held until the chunk is written."""
        values = {value for checked in lines for _, value in checked.contacts}
        blinds = {b for checked in lines for kind, value in checked.identifiers for b in self.ring.blinds(value, kind)}
        points = ContactPoint.objects.filter(value__in=values).values_list("kind", "value", "customer_id")
        numbers = Identifier.objects.filter(blind__in=blinds).values_list("kind", "blind", "customer_id")
        owners = {owner for *_, owner in points} | {owner for *_, owner in numbers}
        rows = Customer.objects.select_for_update().filter(pk__in=owners).order_by("pk")
        found = {row.pk: Known(row, 0, is_new=False) for row in rows}
        for kind, blind, owner in Identifier.objects.filter(customer__in=owners).values_list(
            "kind", "blind", "customer_id"
        ):
            found[owner].numbers[kind] = blind
        if self.reader.asked:
            for card in CustomerCard.objects.filter(customer__in=owners):
                found[card.customer_id].cards[card.handbook] = card.values
        self.by_contact = {(kind, value): found[owner] for kind, value, owner in points if owner in found}
        self.by_number = {(kind, blind): found[owner] for kind, blind, owner in numbers if owner in found}

    def _take(self, line: Line) -> None:
        checked = line.checked
        if checked.problems:
            return self._refuse(line, *next(iter(checked.problems.items())))
        blinds = {kind: self.ring.blinds(value, kind) for kind, value in checked.identifiers}
        owners = {id(k): k for c in checked.contacts if (k := self.by_contact.get(c))}
        owners |= {id(k): k for kind, some in blinds.items() for b in some if (k := self.by_number.get((kind, b)))}
        if len(owners) > 1:
            return self._refuse(line, "phone", TWO_OWNERS)
        known = next(iter(owners.values())) if owners else self._new(line)
        for kind, some in blinds.items():
            if known.numbers.get(kind, some[0]) not in some:
                title = SORTS[kind].title
                words = Text(
                    zh=OTHER_NUMBER.zh.format(title=title.zh), en=OTHER_NUMBER.en.format(title=title.en.lower())
                )
                return self._refuse(line, kind, words)
        cards, wrong = self.reader.joined(known.cards, line.cards)
        if wrong:
            return self._refuse(line, *next(iter(wrong.items())))
        changed = self._fill(known, checked, blinds, cards)
        if not owners:
            self.added += 1
        elif changed:
            self.filled += 1
        else:
            self.unchanged += 1
        return None

    def _new(self, line: Line) -> Known:
        customer = Customer(kind=line.checked.kind, created_at=self.now, is_sample=self.run.is_sample)
        return Known(customer, line.number, is_new=True)

    def _fill(self, known: Known, checked: Checked, blinds: Mapping[str, list[str]], cards: CardValues) -> bool:
        """Give a customer what he lacks; True when he lacked something."""
        row, before = known.customer, len(known.contacts) + len(known.identifiers)
        changed = {name for name in ("name", "tier", "remark") if getattr(checked, name) and not getattr(row, name)}
        for name in changed:
            setattr(row, name, getattr(checked, name))
        row.name_key = name_key(row.name)
        if tags := set(checked.tags) - set(row.tags):
            row.tags = sorted({*row.tags, *tags})
            changed.add("tags")
        for contact in checked.contacts:
            if contact not in self.by_contact:
                self.by_contact[contact] = known
                known.contacts.append(contact)
        for kind, value in checked.identifiers:
            if kind not in known.numbers:
                known.numbers[kind] = blinds[kind][0]
                self.by_number[kind, blinds[kind][0]] = known
                known.identifiers.append((kind, value))
        known.cards |= cards
        known.filled |= set(cards)
        self.touched[id(known)] = known
        known.changed |= changed
        return bool(changed or cards) or len(known.contacts) + len(known.identifiers) > before

    def _refuse(self, line: Line, name: str, words: Text) -> None:
        self.refused += 1
        line.checked.problems.setdefault(name, words)
        secret = {int(number) for number, key in self.run.columns.items() if key in SORTS}
        shown = [f"{cell[:3]}***{cell[-2:]}" if n in secret and cell else cell for n, cell in enumerate(line.cells)]
        self.faults.append(
            ImportFault(
                run=self.run,
                line=line.number,
                field=name,
                words_zh=words.zh[:200],
                words_en=words.en[:200],
                cells=shown,
            )
        )

    def _write(self) -> None:
        touched = list(self.touched.values())
        new = [known for known in touched if known.is_new]
        _add_customers([known.customer for known in new])
        old = [known.customer for known in touched if not known.is_new and known.changed]
        Customer.objects.bulk_update(old, ["name", "name_key", "tier", "remark", "tags"])
        points = ((k.customer.pk, kind, value, self.now) for k in touched for kind, value in k.contacts)
        _copy("customers_contactpoint (customer_id, kind, value, created_at)", points)
        Identifier.objects.bulk_create(self._sealed())
        self._write_cards()
        ImportFault.objects.bulk_create(self.faults)
        self._tell()

    def _write_cards(self) -> None:
        rows: list[list[Any]] = [
            [known.customer.pk, name, Jsonb(known.cards[name]), self.now, self.run.by]
            for known in self.touched.values()
            for name in sorted(known.filled)
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(KEEP_CARD, rows)

    def _sealed(self) -> list[Identifier]:
        found = []
        for known in self.touched.values():
            for kind, value in known.identifiers:
                sealed = self.ring.seal(value, kind)
                found.append(
                    Identifier(
                        customer=known.customer, kind=kind, key_id=sealed.key_id, sealed=sealed.data,
                        blind=sealed.blind, created_at=self.now,
                    )
                )  # fmt: skip
        return found

    def _tell(self) -> None:
        touched = [k for k in self.touched.values() if k.is_new or k.changed or k.contacts or k.identifiers or k.filled]
        record(
            [
                NewFact(
                    CustomerImported(run=self.run.pk, line=known.line, added=known.is_new),
                    at=self.now,
                    subject=("customer", known.customer.pk),
                    actor=self.run.by,
                )
                for known in touched
            ]
        )


KEEP_CARD = """
INSERT INTO customers_customercard AS kept (customer_id, handbook, "values", version, updated_at, updated_by)
VALUES (%s, %s, %s, 1, %s, %s)
ON CONFLICT (customer_id, handbook) DO UPDATE SET "values" = excluded."values", version = kept.version + 1,
    updated_at = excluded.updated_at, updated_by = excluded.updated_by
"""
NEW_IDS = "SELECT nextval(pg_get_serial_sequence('customers_customer', 'id')) FROM generate_series(1, %s)"
COLUMNS = ("id", "name", "kind", "name_key", "tier", "tags", "remark", "version", "created_at", "is_sample")


def _add_customers(rows: Sequence[Customer]) -> None:
    """COPY, because a statement with tens of thousands of parameters costs more to read than to carry out."""
    with connection.cursor() as cursor:
        cursor.execute(NEW_IDS, [len(rows)])
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number
    _copy(f"customers_customer ({', '.join(COLUMNS)})", (tuple(getattr(row, c) for c in COLUMNS) for row in rows))


def _copy(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Raises IntegrityError where somebody else was quicker: the chunk is done again."""
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
