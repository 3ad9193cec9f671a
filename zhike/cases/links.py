"""Cases that belong together: related, a duplicate, caused by. A link is told on both cases and seen by whoever may see both."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.db import connection, transaction

from zhike.cases.events import CaseLinked, CaseUnlinked
from zhike.cases.models import Case, Link
from zhike.cases.refusals import Impossible, NotFound, NotYours, Reason
from zhike.cases.written import fact_of
from zhike.handbook.common import Text
from zhike.journal.actions import record
from zhike.journal.statements import array_of
from zhike.org.principals import Viewer

Kind = Literal["related", "duplicate", "caused_by"]
"""What people link by; `split_from` is made by splitting."""
OTHER_WAY = {
    "related": "related", "duplicate": "duplicated_by", "caused_by": "causes", "split_from": "split_into",
}  # fmt: skip
"""How the case on the other end of a link stands to the first."""
LATEST = 5
"""Cases of the same customer that come along."""
NOT_BOTH = Text(zh="两张工单都看得到的同事才能关联。", en="Only somebody who may see both cases links them.")
SAME = Text(zh="不能与自己关联，请填写另一张工单的单号。", en="A case is not linked with itself; name another one.")
KNOWN = Text(
    zh="这两张工单已经关联，要改关系请先解除。",
    en="These two cases are linked already; end that link first to change it.",
)


def link_cases(case: Case, other: Case, kind: Kind | Literal["split_from"], *, by: Viewer, now: dt.datetime) -> Link:
    """`case` is related to `other`, a duplicate of it, or caused by it. Raises NotYours, Impossible."""
    if not (by.holds(case.audience) and by.holds(other.audience)):
        raise NotYours([Reason(NOT_BOTH)])
    if case.pk == other.pk:
        raise Impossible([Reason(SAME)])
    with transaction.atomic():
        # In the order of their ids, so that two who link the same pair from both ends do not wait for each other.
        list(Case.objects.select_for_update(no_key=True).filter(pk__in=[case.pk, other.pk]).order_by("pk").values("pk"))
        if link_between(case.pk, other.pk) is not None:
            raise Impossible([Reason(KNOWN)])
        link = Link.objects.create(case=case, other=other, kind=kind, at=now, by=by.principal)
        record(
            [
                fact_of(case, CaseLinked(other.pk, other.number, kind), at=now, actor=by.principal),
                fact_of(other, CaseLinked(case.pk, case.number, OTHER_WAY[kind]), at=now, actor=by.principal),
            ]
        )
    return link


def unlink_cases(case: Case, link_id: int, *, by: Viewer, now: dt.datetime) -> None:
    """End a link of `case`. Raises NotFound where there is none that `by` may see, NotYours for one a split made."""
    with transaction.atomic():
        rows = Link.objects.select_for_update(of=("self",)).select_related("case", "other")
        link = rows.filter(pk=link_id).first()
        if link is None or case.pk not in (link.case_id, link.other_id) or not _seen(link, by):
            raise NotFound(str(link_id))
        if link.kind == Link.Kind.SPLIT_FROM:
            words = Text(zh="拆分留下的关联不能解除。", en="A link that a split left is not ended.")
            raise NotYours([Reason(words)])
        one, two, kind = link.case, link.other, str(link.kind)
        link.delete()
        record(
            [
                fact_of(one, CaseUnlinked(two.pk, two.number, kind), at=now, actor=by.principal),
                fact_of(two, CaseUnlinked(one.pk, one.number, OTHER_WAY[kind]), at=now, actor=by.principal),
            ]
        )


def _seen(link: Link, by: Viewer) -> bool:
    return by.holds(link.case.audience) and by.holds(link.other.audience)


def link_between(one: int, two: int) -> Link | None:
    return Link.objects.filter(case_id__in=[one, two], other_id__in=[one, two]).first()


@dataclass(frozen=True, slots=True)
class Tied:
    """A case that has to do with another. `tie`: parent, child, leading, absorbed, or how that other case stands to it
    (`related`, `duplicate`, `duplicated_by`, `caused_by`, `causes`, `split_from`, `split_into`)."""

    tie: str
    link: int
    """The link's id; 0 where it is none that can be ended."""
    id: int
    number: str
    title: str
    process: str
    stage: str
    status: str
    version_id: int
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Around:
    """What a case has to do with others, as far as the viewer may see them, and whether he follows it."""

    tied: tuple[Tied, ...]
    follows: bool
    reopened: int
    """How often it was opened again after it had been closed."""
    of_customer: tuple[Tied, ...] = ()
    """The latest other cases of its customer, the newest first."""
    phones: tuple[str, ...] = ()
    """His telephone numbers."""

    def of(self, *ties: str) -> list[Tied]:
        return [each for each in self.tied if each.tie in ties]

    @property
    def family(self) -> list[Tied]:
        return self.of("parent", "child")

    @property
    def leading(self) -> Tied | None:
        return next(iter(self.of("leading")), None)

    @property
    def absorbed(self) -> list[Tied]:
        return self.of("absorbed")

    @property
    def links(self) -> list[Tied]:
        return self.of(*OTHER_WAY, *OTHER_WAY.values())


# The case itself comes along, so that there is a row to say whether he follows it and how to reach the customer.
AROUND = """
WITH tied AS (
    SELECT CASE WHEN EXISTS (SELECT FROM cases_follow WHERE case_id = %(case)s AND staff_id = %(staff)s)
        THEN 'followed' ELSE 'self' END AS tie, 0::bigint AS link, %(case)s::bigint AS id
    UNION ALL SELECT 'parent', 0, %(parent)s::bigint
    UNION ALL SELECT 'leading', 0, %(leading)s::bigint
    UNION ALL SELECT 'child', 0, id FROM cases_case WHERE parent_id = %(case)s
    UNION ALL SELECT 'absorbed', 0, id FROM cases_case WHERE merged_into_id = %(case)s
    UNION ALL SELECT 'reopened', count(*), %(case)s FROM journal_fact
        WHERE subject_kind = 'case' AND subject_id = %(case)s AND type = 'case.reopened' HAVING count(*) > 0
    UNION ALL (SELECT 'same_customer', 0, id FROM cases_case WHERE customer_id = %(customer)s AND id <> %(case)s
        AND audience && %(keys)s::varchar[] ORDER BY opened_at DESC, id DESC LIMIT %(latest)s)
    UNION ALL SELECT kind, id, other_id FROM cases_link WHERE case_id = %(case)s
    UNION ALL SELECT CASE kind WHEN 'duplicate' THEN 'duplicated_by' WHEN 'caused_by' THEN 'causes'
        WHEN 'split_from' THEN 'split_into' ELSE kind END, id, case_id FROM cases_link WHERE other_id = %(case)s
)
SELECT tied.tie, tied.link, found.id, found.number, found.title, found.process, found.stage, found.status,
    found.handbook_version_id, found.opened_at, CASE WHEN tied.tie IN ('self', 'followed') THEN ARRAY(
        SELECT value FROM customers_contactpoint WHERE customer_id = %(customer)s AND kind = 'phone' ORDER BY id) END
FROM tied JOIN cases_case AS found ON found.id = tied.id
WHERE found.audience && %(keys)s::varchar[] ORDER BY tied.link, found.id
"""


def around(case: Case, viewer: Viewer) -> Around:
    """Relatives, links and merges of a case and the customer's latest other ones, behind the gate of each; whether the viewer
    follows it; the customer's numbers. One query."""
    wanted = {
        "case": case.pk, "staff": viewer.staff.pk if viewer.staff else 0, "parent": case.parent_id,
        "leading": case.merged_into_id, "keys": array_of(viewer.keys), "customer": case.customer_id, "latest": LATEST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(AROUND, wanted)
        rows = cursor.fetchall()
    found = [Tied(*row) for *row, _ in rows]
    of_customer = [each for each in found if each.tie == "same_customer"]
    return Around(
        tuple(each for each in found if each.tie not in ("self", "followed", "reopened", "same_customer")),
        follows=any(each.tie == "followed" for each in found),
        reopened=sum(each.link for each in found if each.tie == "reopened"),
        of_customer=tuple(sorted(of_customer, key=lambda each: (each.opened_at, each.id), reverse=True)),
        phones=tuple(number for *_, numbers in rows for number in numbers or ()),
    )
