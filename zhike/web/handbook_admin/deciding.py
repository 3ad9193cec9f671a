"""What is done to a proposal: submitted, approved, declined, withdrawn, cancelled, looked into again, people reminded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.adoption import actions, reading
from zhike.adoption.actions import ProposalRefused
from zhike.adoption.content import book_of_proposal
from zhike.adoption.models import Proposal
from zhike.org.models import Staff
from zhike.web.context import Request
from zhike.web.handbook_admin.proposals import proposal_or_404, view_of
from zhike.web.handbook_admin.told import people_words

Deed = Callable[[Request, Proposal, Staff], str]


class BadMoment(ValueError):
    """A date that cannot be read."""


def decide(request: Request, number: int, deed: str) -> HttpResponseBase:
    """One deed; a refusal comes back on the page with what was typed."""
    proposal = proposal_or_404(request, number)
    staff = request.viewer.staff
    if deed not in DEEDS or staff is None:
        raise Http404
    try:
        done = DEEDS[deed](request, proposal, staff)
    except ProposalRefused as refused:
        return _refused(request, number, refused.words.say(get_language() or "zh"))
    except BadMoment:
        return _refused(request, number, gettext("请填写生效的日期和时间。"))
    messages.success(request, done)
    return HttpResponseRedirect(reverse("handbook_admin:proposal", args=[number]))


def _refused(request: Request, number: int, words: str) -> HttpResponseBase:
    shown = view_of(request, proposal_or_404(request, number), wrong=words, typed=request.POST)
    return render(request, "handbook_admin/proposal.html", shown, status=422)


def moment_of(request: Request, zone: str) -> dt.datetime | None:
    """The moment typed, by the clock where the handbook is at home; None: with the approval. Raises BadMoment."""
    if request.POST.get("when") != "at":
        return None
    try:
        typed = dt.datetime.fromisoformat(request.POST.get("from", "")[:16])
        return typed.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise BadMoment from error


def _submit(request: Request, proposal: Proposal, by: Staff) -> str:
    begins = moment_of(request, book_of_proposal(proposal).handbook.zone)
    actions.submit(proposal.pk, why=request.POST.get("why", ""), wanted_from=begins, by=by, now=request.now)
    return gettext("已提交，已通知其他管理员。")


def _approve(request: Request, proposal: Proposal, by: Staff) -> str:
    actions.approve(proposal.pk, by=by, now=request.now)
    return gettext("已批准，已通知有关人员阅读。")


def _decline(request: Request, proposal: Proposal, by: Staff) -> str:
    actions.decline(proposal.pk, remark=request.POST.get("why", ""), by=by, now=request.now)
    return gettext("已退回，已告诉提出的人。")


def _withdraw(request: Request, proposal: Proposal, by: Staff) -> str:
    actions.withdraw(proposal.pk, by=by, now=request.now)
    return gettext("已撤回。")


def _cancel(request: Request, proposal: Proposal, by: Staff) -> str:
    actions.cancel(proposal.pk, remark=request.POST.get("why", ""), by=by, now=request.now)
    return gettext("已取消，现行版本继续有效。")


def _study(request: Request, proposal: Proposal, _: Staff) -> str:
    actions.study_again(proposal.pk, now=request.now)
    return gettext("正在重新计算影响。")


def _remind(request: Request, proposal: Proposal, by: Staff) -> str:
    count = reading.remind_unread(proposal, by=by, now=request.now)
    if not count:
        return gettext("没有要提醒的人：都已确认，或者一小时内刚提醒过。")
    return gettext("已提醒 %(people)s。") % {"people": people_words(count)}


DEEDS: dict[str, Deed] = {
    "submit": _submit,
    "approve": _approve,
    "decline": _decline,
    "withdraw": _withdraw,
    "cancel": _cancel,
    "study": _study,
    "remind": _remind,
}
