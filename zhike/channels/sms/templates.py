"""Templates: written by one, approved by another, registered with the provider, retired."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from zhike.channels.events import TemplateDecided
from zhike.channels.refusals import Refused
from zhike.channels.sms.accounts import gateway_of
from zhike.channels.sms.models import Purpose, SmsGateway, SmsTemplate
from zhike.channels.sms.words import LONGEST, SAYS_HOW, clean_value, filled, signed, variables_of
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of, current
from zhike.org.models import Staff
from zhike.org.principals import staff_key

CODE = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
State = SmsTemplate.State
WAITS = Text(zh="短信模板“{title}”等您批准。", en="The text message template “{title}” waits for your approval.")


@dataclass(frozen=True, slots=True)
class TemplateWish:
    """What somebody wants a template to say."""

    code: str
    title: str
    gateway: SmsGateway | None
    purpose: str
    words: str
    signature: str
    provider_code: str = ""


def save_template(row: SmsTemplate | None, wish: TemplateWish, *, by: str, now: dt.datetime) -> SmsTemplate:
    """Write or rewrite one. What was approved is a draft again as soon as anything of it changes. Raises Refused."""
    gateway = _checked(row, wish)
    with transaction.atomic():
        if row is None:
            row = SmsTemplate(code=wish.code, version=0)
        row.title, row.gateway, row.handbook = clean_line(wish.title)[:80], gateway, gateway.inbox.handbook
        row.purpose, row.words = wish.purpose, clean_line(wish.words)
        row.variables = variables_of(row.words)
        row.signature, row.provider_code = _signature(wish.signature), wish.provider_code.strip()[:40]
        row.state, row.written_by, row.written_at = State.DRAFT, by, now
        row.decided_by, row.decided_at, row.why, row.version = "", None, "", row.version + 1
        if row._state.adding:
            row.save(force_insert=True)
        else:
            row.save(update_fields=[field.attname for field in row._meta.concrete_fields if not field.primary_key])
        _tell(row, by, now)
    return row


def submit_template(row: SmsTemplate, *, by: str, now: dt.datetime) -> None:
    """Ask for a second person's word; whoever may give it is told. Raises Refused when it is no draft."""
    with transaction.atomic():
        _move(row, (State.DRAFT, State.REFUSED), State.WAITING, by, now)
        words = Text(zh=WAITS.zh.format(title=row.title), en=WAITS.say("en").format(title=row.title))
        to = [staff_key(number) for number in approvers_of(row, by, now)]
        tell([Tell(now, to, "told", "", row.handbook, ("sms_template", row.pk), words)])


def approvers_of(row: SmsTemplate, by: str, now: dt.datetime) -> set[int]:
    """Administrators and whoever leads under the template's handbook (the board is open to his role), without who wrote or submitted it."""
    book = book_of(current(row.handbook, now).pk)
    leading = [role.id for role in book.handbook.roles if "board" in role.screens and not role.external]
    leads = Q(assignments__handbook=row.handbook, assignments__role__in=leading)
    people = Staff.objects.filter(Q(is_admin=True) | leads, is_active=True).values_list("pk", flat=True)
    return {number for number in people if staff_key(number) not in (row.written_by, by)}


def approve_template(row: SmsTemplate, *, by: str, now: dt.datetime) -> None:
    """It may be sent from now on. Raises Refused for whoever wrote it, and while the provider's code is missing."""
    if by == row.written_by:
        raise Refused(
            {
                "by": Text(
                    zh="写模板的人不能自己批准，请由另一位同事批准。",
                    en="Whoever wrote a template does not approve it; ask a colleague.",
                )
            }
        )
    if gateway_of(row.gateway).needs_template and not row.provider_code:
        raise Refused(
            {
                "provider_code": Text(
                    zh="请先填写服务商审核通过后给的模板编号。",
                    en="First write the template code the provider gave after its own review.",
                )
            }
        )
    _move(row, (State.WAITING,), State.APPROVED, by, now)


def refuse_template(row: SmsTemplate, why: str, *, by: str, now: dt.datetime) -> None:
    """Back to whoever wrote it, with the reason. Raises Refused without one."""
    if not clean_line(why):
        raise Refused({"why": Text(zh="请写明退回的理由。", en="Say why you send it back.")})
    _move(row, (State.WAITING,), State.REFUSED, by, now, clean_line(why)[:200])


def retire_template(row: SmsTemplate, *, by: str, now: dt.datetime) -> None:
    """Nothing is sent with it any more; what was sent keeps pointing at it."""
    _move(row, tuple(State), State.RETIRED, by, now)


def approved_templates(inbox: int, purpose: str) -> QuerySet[SmsTemplate]:
    """Those that may be sent now through the gateway of an inbox; none while the gateway is switched off."""
    found = SmsTemplate.objects.select_related("gateway").filter(gateway__inbox=inbox, gateway__is_active=True)
    return found.filter(state=State.APPROVED, purpose=purpose).order_by("code")


def words_of(row: SmsTemplate, values: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """(the words filled in, the values as they are sent). Raises Refused for variables that are empty, and for what gets too long."""
    cleaned = {name: clean_value(values.get(name, "")) for name in row.variables}
    missing = [name for name, value in cleaned.items() if not value]
    if missing:
        raise Refused({name: Text(zh=f"请填写“{name}”。", en=f"Fill in “{name}”.") for name in missing})
    words = filled(row.words, cleaned)
    if len(signed(row.signature, words)) > LONGEST:
        raise Refused(
            {
                "words": Text(
                    zh=f"短信最多 {LONGEST} 字，请写短一些。",
                    en=f"A message has at most {LONGEST} characters; make it shorter.",
                )
            }
        )
    return words, cleaned


def _checked(row: SmsTemplate | None, wish: TemplateWish) -> SmsGateway:
    wrong: dict[str, Text] = {}
    words = clean_line(wish.words)
    if not CODE.fullmatch(wish.code) or (row is not None and row.code != wish.code):
        wrong["code"] = Text(
            zh="编码用小写字母开头，只含小写字母、数字和 . _ -。",
            en="The code begins with a small letter and has small letters, digits and . _ - only.",
        )
    elif row is None and SmsTemplate.objects.filter(code=wish.code).exists():
        wrong["code"] = Text(zh="已有这个编码的模板。", en="There is a template with this code.")
    if not clean_line(wish.title):
        wrong["title"] = Text(zh="请填写名称。", en="Give it a name.")
    if wish.gateway is None:
        wrong["gateway"] = Text(zh="请选择网关。", en="Choose a gateway.")
    if wish.purpose not in Purpose.values:
        wrong["purpose"] = Text(zh="请选择用途。", en="Choose a purpose.")
    if not words:
        wrong["words"] = Text(zh="请填写短信内容。", en="Write what it says.")
    elif len(signed(wish.signature, words)) > LONGEST:
        wrong["words"] = Text(zh=f"短信最多 {LONGEST} 字。", en=f"A message has at most {LONGEST} characters.")
    elif wish.purpose == Purpose.MARKETING and not any(each in words for each in SAYS_HOW):
        wrong["words"] = Text(
            zh="营销短信须写明怎样退订，例如“拒收请回复TD”。",
            en="A marketing message must say how to unsubscribe, such as “拒收请回复TD”.",
        )
    if not 2 <= len(_signature(wish.signature)) <= 20:
        wrong["signature"] = Text(
            zh="请填写在服务商登记的签名，2 至 20 个字。",
            en="Write the signature registered with the provider, 2 to 20 characters.",
        )
    if wrong or wish.gateway is None:
        raise Refused(wrong)
    return wish.gateway


def _signature(text: str) -> str:
    return clean_line(text).strip("【】[] ")


def _move(row: SmsTemplate, allowed: tuple[State, ...], to: State, by: str, now: dt.datetime, why: str = "") -> None:
    with transaction.atomic():
        changed = SmsTemplate.objects.filter(pk=row.pk, version=row.version, state__in=allowed).update(
            state=to, decided_by=by, decided_at=now, why=why
        )
        if not changed:
            raise Refused(
                {
                    "state": Text(
                        zh="模板已被别人改动，请刷新后再看。", en="Somebody has changed the template; look again."
                    )
                }
            )
        row.refresh_from_db()
        _tell(row, by, now)


def _tell(row: SmsTemplate, by: str, now: dt.datetime) -> None:
    fact = TemplateDecided(row.code, row.state, row.why)
    record([NewFact(fact, at=now, subject=("sms_template", row.pk), actor=by, handbook=row.handbook)])
