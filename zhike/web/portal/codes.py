"""Following a case by its number and a code sent to the customer's phone.

A code has six digits, lives ten minutes and dies after five wrong tries. Requests are limited for each number and each
address. Whoever asks learns nothing: an unknown number, another person's number and one's own all get the same answer; all
leave a row that the limits count. Times are the machine's, see `web.models.FollowCode`.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from zhike.cases.models import Case
from zhike.channels.models import OutgoingMessage
from zhike.channels.sms.sending import send_sms
from zhike.lib.phone import NotAPhone, normalise
from zhike.lib.text import narrow
from zhike.web.models import FollowCode

LIFE = dt.timedelta(minutes=10)
MOST_TRIES = 5
WINDOW = dt.timedelta(minutes=10)
MOST_FOR_NUMBER = 5
MOST_FROM_ADDRESS = 30
MOST_WRONG_FROM_ADDRESS = 30
TEMPLATE = "portal.code"
"""The template, with the variable {code}, that says it where a gateway sends templates only."""
KEPT = dt.timedelta(days=2)
"""How long requests stay, for the limits and for whoever looks into an abuse."""


class TooMany(Exception):
    """So many requests or wrong codes that nothing more is taken for a while."""


def request_code(
    number: str, phone: str, address: str, wall: dt.datetime, now: dt.datetime
) -> tuple[FollowCode, OutgoingMessage | None]:
    """Ask for a code. Only the customer's own phone gets a message; the row is written either way. Raises TooMany."""
    number = narrow(number).upper()[:40]
    with transaction.atomic():
        FollowCode.objects.filter(sent_at__lt=wall - KEPT).delete()
        _refuse_too_many(number, address, wall)
        case, to = _case_of(number, phone)
        digits = f"{secrets.randbelow(1_000_000):06d}"
        row = FollowCode.objects.create(case=case, number=number, address=address[:45], sent_at=wall)
        row.digest = _digest(row.pk, digits)
        row.save(update_fields=["digest"])
        message = send_sms(to, _words(digits), now, code=TEMPLATE, values={"code": digits}) if case else None
        return row, message


def enter_code(row_id: int, digits: str, address: str, wall: dt.datetime) -> Case | None:
    """The case when the code is right, in time and not used before; None otherwise. Raises TooMany."""
    with transaction.atomic():
        wrong = FollowCode.objects.filter(address=address, sent_at__gt=wall - WINDOW, tries__gte=1)
        if sum(wrong.values_list("tries", flat=True)) >= MOST_WRONG_FROM_ADDRESS:
            raise TooMany
        row = FollowCode.objects.select_for_update(of=("self",)).select_related("case").filter(pk=row_id).first()
        if row is None or row.used_at is not None or row.tries >= MOST_TRIES or wall - row.sent_at > LIFE:
            return None
        # An unknown number has a digest as well, of a code nobody was sent: both take the same way through here.
        if not hmac.compare_digest(row.digest, _digest(row.pk, digits)) or row.case is None:
            FollowCode.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
            return None
        row.used_at = wall
        row.save(update_fields=["used_at"])
        return row.case


def _refuse_too_many(number: str, address: str, wall: dt.datetime) -> None:
    recent = FollowCode.objects.filter(sent_at__gt=wall - WINDOW)
    if recent.filter(number=number).count() >= MOST_FOR_NUMBER:
        raise TooMany
    if recent.filter(address=address[:45]).count() >= MOST_FROM_ADDRESS:
        raise TooMany


def _case_of(number: str, phone: str) -> tuple[Case | None, str]:
    """The case of that number when the phone is its customer's, and the phone in E.164."""
    try:
        to = normalise(phone)
    except NotAPhone:
        to = ""
    owner = {"customer__contact_points__kind": "phone", "customer__contact_points__value": to}
    return Case.objects.filter(number=number, **owner).exclude(portal_token="").first(), to


def _digest(row_id: int, digits: str) -> str:
    return salted_hmac("zhike.portal.codes", f"{row_id}:{digits.strip()}", algorithm="sha256").hexdigest()


def _words(digits: str) -> str:
    return gettext("您的查询验证码是 %(code)s，10 分钟内有效。请勿告诉他人。") % {"code": digits}
