"""The second factor: codes of six digits that a telephone computes every half minute (TOTP, RFC 6238), and recovery codes.

Codes are computed from the machine's time (`at`), whatever the product's: the telephone knows no sandbox. A code counts
half a minute early or late, and once. Recovery codes are hashed like passwords and each works once.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from dataclasses import dataclass
from hmac import compare_digest

import pyotp
from django.contrib.auth.hashers import get_hasher, make_password
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from zhike.handbook.common import Text
from zhike.lib.text import narrow
from zhike.org.actions import PASSWORD_LETTERS, OrgRefused
from zhike.org.credentials import tell
from zhike.org.events import RecoveryCodesMade, RecoveryCodeUsed, SecondFactorRemoved, SecondFactorSet
from zhike.org.keys import keyring, rotates, sealed_of
from zhike.org.models import RecoveryCode, SecondFactor, Staff
from zhike.org.sessions import end_sessions
from zhike.org.sign_in_rules import NeedsSecondFactor, needs_second_factor

STEP = 30
"""Seconds a code is shown for."""
EITHER_WAY = 1
"""Steps by which a telephone's clock may be off."""
CODES = 10
CODE_LETTERS = 15
BEGINS = 3
HASHER = "recovery"
ISSUER = "Zhike"
CONTEXT = "totp"

WRONG = Text(
    zh="验证码不对，或者已经用过；请等手机上出现下一个再输入。",
    en="The code is not right, or was used already; wait for the next one on your telephone.",
)
NOT_BEGUN = Text(
    zh="这个二维码已经失效，请重新开始设置。", en="This picture is no longer good; begin the set-up again."
)
IS_REQUIRED = Text(
    zh="您必须使用二次验证，不能关闭；换手机请重新设置。",
    en="You need a second factor and cannot switch it off; for another telephone set it up again.",
)
rotates(SecondFactor, context_of=lambda _: CONTEXT)


def has_second_factor(staff: Staff) -> bool:
    return _confirmed(staff).exists()


@dataclass(frozen=True, slots=True)
class State:
    """What a page says of somebody's second factor."""

    since: dt.datetime | None
    """None: there is none."""
    codes_left: int
    is_needed: bool


def state_of(staff: Staff) -> State:
    """One query."""
    mine = {"staff": OuterRef("pk")}
    unused = RecoveryCode.objects.filter(**mine, used_at=None).order_by().values("staff").annotate(n=Count("pk"))
    since, left, needed = Staff.objects.values_list(
        Subquery(SecondFactor.objects.filter(**mine, confirmed_at__isnull=False).values("confirmed_at")),
        Coalesce(Subquery(unused.values("n")), 0),
        NeedsSecondFactor("pk"),
    ).get(pk=staff.pk)
    return State(since, left, needed)


def begin_set_up(staff: Staff, *, now: dt.datetime) -> int:
    """A new secret to scan; answers its number, for the session that began it and no other: whoever else knows the
    password must not read what the owner will scan. The one in use stays so until the new one was confirmed.
    """
    sealed = keyring().seal(pyotp.random_base32(), CONTEXT)
    with transaction.atomic():
        Staff.objects.select_for_update().get(pk=staff.pk)
        SecondFactor.objects.filter(staff=staff, confirmed_at=None).delete()
        made = SecondFactor.objects.create(staff=staff, key_id=sealed.key_id, sealed=sealed.data, made_at=now)
    return made.pk


def set_up_of(staff: Staff, number: int) -> str:
    """The secret that waits to be scanned and confirmed; "" when it was replaced or confirmed already."""
    waiting = SecondFactor.objects.filter(pk=number, staff=staff, confirmed_at=None).first()
    return _secret(waiting) if waiting else ""


def address_of(secret: str, staff: Staff) -> str:
    """What the picture to scan says: otpauth://totp/..."""
    return pyotp.TOTP(secret).provisioning_uri(name=staff.username, issuer_name=ISSUER)


def confirm_set_up(
    staff: Staff, number: int, typed: str, *, at: dt.datetime, now: dt.datetime, keep: str = ""
) -> list[str]:
    """Begin to use the new secret; answers the recovery codes, which nobody sees again. Raises OrgRefused {"code"}.

    Sessions but the one with the key `keep` end: they were begun without it.
    """
    by = f"staff:{staff.pk}"
    with transaction.atomic():
        waiting = SecondFactor.objects.select_for_update().filter(pk=number, staff=staff, confirmed_at=None).first()
        if waiting is None:
            raise OrgRefused({"code": NOT_BEGUN})
        step = _step_of(_secret(waiting), typed, at)
        if step is None:
            raise OrgRefused({"code": WRONG})
        _confirmed(staff).delete()
        waiting.confirmed_at, waiting.last_step = now, step
        waiting.save(update_fields=["confirmed_at", "last_step"])
        tell(staff, SecondFactorSet(), by=by, now=now)
        codes = make_recovery_codes(staff, by=by, now=now)
        end_sessions(staff, by=by, now=now, keep=keep)
    return codes


def accept_code(staff: Staff, typed: str, *, at: dt.datetime, now: dt.datetime) -> str:
    """Use up a code: "totp" for one of the telephone, "recovery" for a recovery code, "" for a wrong or used one."""
    typed = _plain(typed)
    if len(typed) == CODE_LETTERS:
        return "recovery" if _use_recovery_code(staff, typed, now) else ""
    factor = _confirmed(staff).first()
    step = _step_of(_secret(factor), typed, at) if factor else None
    if factor is None or step is None:
        return ""
    newer = SecondFactor.objects.filter(pk=factor.pk, confirmed_at__isnull=False, last_step__lt=step)
    return "totp" if newer.update(last_step=step) == 1 else ""


def remove_second_factor(staff: Staff, *, by: str, now: dt.datetime, keep: str = "") -> bool:
    """Codes are not asked for any more; recovery codes go with it, other sessions end. False when there was none.

    Raises OrgRefused for somebody who removes his own although he needs one.
    """
    with transaction.atomic():
        if by == f"staff:{staff.pk}" and needs_second_factor(staff):
            raise OrgRefused({"": IS_REQUIRED})
        gone, _ = _confirmed(staff).delete()
        SecondFactor.objects.filter(staff=staff).delete()
        RecoveryCode.objects.filter(staff=staff).delete()
        if gone:
            tell(staff, SecondFactorRemoved(), by=by, now=now)
            end_sessions(staff, by=by, now=now, keep=keep)
    return gone > 0


def make_recovery_codes(staff: Staff, *, by: str, now: dt.datetime) -> list[str]:
    """Ten new ones instead of the old ones; nobody sees them again."""
    codes = ["".join(secrets.choice(PASSWORD_LETTERS) for _ in range(CODE_LETTERS)) for _ in range(CODES)]
    rows = [
        RecoveryCode(staff=staff, begins=c[:BEGINS], password=make_password(c[BEGINS:], hasher=HASHER)) for c in codes
    ]
    with transaction.atomic():
        RecoveryCode.objects.filter(staff=staff).delete()
        RecoveryCode.objects.bulk_create(rows)
        tell(staff, RecoveryCodesMade(len(rows)), by=by, now=now)
    return ["-".join(re.findall(".{5}", code)) for code in codes]


def codes_left(staff: Staff) -> int:
    return RecoveryCode.objects.filter(staff=staff, used_at=None).count()


def _use_recovery_code(staff: Staff, typed: str, now: dt.datetime) -> bool:
    for row in RecoveryCode.objects.filter(staff=staff, begins=typed[:BEGINS], used_at=None):
        if get_hasher(HASHER).verify(typed[BEGINS:], row.password):
            with transaction.atomic():
                if RecoveryCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now) != 1:
                    return False
                tell(staff, RecoveryCodeUsed(codes_left(staff)), by=f"staff:{staff.pk}", now=now)
            return True
    return False


def _confirmed(staff: Staff) -> QuerySet[SecondFactor]:
    return SecondFactor.objects.filter(staff=staff, confirmed_at__isnull=False)


def _secret(factor: SecondFactor) -> str:
    return keyring().open(sealed_of(factor), CONTEXT)


def _plain(typed: str) -> str:
    """Codes are typed with blanks and hyphens, in capitals, on a Chinese keyboard."""
    return re.sub(r"[\s-]", "", narrow(typed[:100])).lower()


def _step_of(secret: str, typed: str, at: dt.datetime) -> int | None:
    """The half minute whose code this is, the newest first; None for a wrong one."""
    typed, here = _plain(typed), int(at.timestamp()) // STEP
    generator = pyotp.TOTP(secret, interval=STEP)
    steps = [here + off for off in range(EITHER_WAY, -EITHER_WAY - 1, -1)]
    found = [step for step in steps if compare_digest(generator.generate_otp(step).encode(), typed.encode())]
    return found[0] if found else None
