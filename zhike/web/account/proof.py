"""Proving again who one is before something that matters: with one's password, or with a code. Counted like signing in."""

from __future__ import annotations

from django.utils.translation import gettext

from zhike.lib import clock
from zhike.org.models import Staff
from zhike.org.second_factor import accept_code, has_second_factor
from zhike.web.context import Request
from zhike.web.proxies import address_of
from zhike.web.sign_in.attempts import claim_try, forget_failures, note_failure
from zhike.web.sign_in.views import too_often, typed


def wrong_password(request: Request, staff: Staff) -> str:
    """Why the typed `current` is not this person's password; "" when it is."""
    address = address_of(request)
    if claim_try(address, staff.username) is None:
        return too_often()
    if not staff.check_password(typed(request, "current")):
        note_failure(address, staff.username)
        return gettext("密码不对，请重新输入。")
    forget_failures(address, staff.username)
    return ""


def wrong_code(request: Request, staff: Staff) -> str:
    """Why the typed `code` does not prove that he has his telephone; "" when it does, and where he has no second factor."""
    if not has_second_factor(staff):
        return ""
    address = address_of(request)
    if claim_try(address, staff.username) is None:
        return too_often()
    if not accept_code(staff, typed(request, "code"), at=clock.wall(), now=request.now):
        note_failure(address, staff.username)
        return gettext("验证码不对，或者已经用过；请等手机上出现下一个再输入。")
    forget_failures(address, staff.username)
    return ""
