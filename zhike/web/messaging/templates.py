"""Templates: written by one, approved by another, tried out on one's own phone."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.channels.access import template_for
from zhike.channels.refusals import NotFound, Refused
from zhike.channels.sms import templates as actions
from zhike.channels.sms.models import Purpose, SmsGateway, SmsTemplate
from zhike.channels.sms.queries import active_gateways, templates_listed
from zhike.channels.sms.sending import Order, queue
from zhike.channels.sms.templates import TemplateWish, words_of
from zhike.channels.sms.words import segments_of, signed
from zhike.handbook.common import Text
from zhike.lib.phone import NotAPhone, normalise
from zhike.web.base.names import names_of
from zhike.web.context import Request
from zhike.web.messaging.fields import Field, drawn, said
from zhike.web.messaging.words import purpose_words, template_words, yuan
from zhike.web.templatetags.zhike_web import why


def show_list(request: Request) -> HttpResponse:
    rows = [(row, purpose_words(row.purpose), template_words(row)) for row in templates_listed()]
    return render(
        request, "messaging/templates.html", {"area": "templates", "rows": rows, "gateways": bool(active_gateways())}
    )


def new(request: Request) -> HttpResponseBase:
    return _form(request, None)


def edit(request: Request, number: int) -> HttpResponseBase:
    return _form(request, _template(request, number))


def _form(request: Request, row: SmsTemplate | None) -> HttpResponseBase:
    gateways = active_gateways()
    problems: dict[str, Text] = {}
    typed = _typed_of(row) if row else {"purpose": "service"}
    if request.method == "POST":
        typed = {
            name: request.POST.get(name, "")
            for name in ("code", "title", "gateway", "purpose", "words", "signature", "provider_code")
        }
        try:
            made = actions.save_template(
                row, _wish(request.POST, row, gateways), by=request.viewer.principal, now=request.now
            )
        except Refused as refused:
            problems = refused.problems
        else:
            messages.success(request, gettext("已保存为草稿，提交后由另一位同事批准。"))
            return HttpResponseRedirect(reverse("messaging:template", args=[made.pk]))
    fields = [
        Field("code", gettext("编码"), "fixed" if row else "text", gettext("程序用的名字，例如 case.opened"), 40),
        Field("title", gettext("名称")),
        Field("gateway", gettext("网关"), "select", choices=[(str(each.pk), each.name) for each in gateways]),
        Field(
            "purpose", gettext("用途"), "select", choices=[(value, purpose_words(value)) for value in Purpose.values]
        ),
        Field("signature", gettext("签名"), help=gettext("在服务商登记过的签名，不带【】"), longest=20),
        Field(
            "words", gettext("内容"), "area", gettext("变量写在花括号里，例如 {name}；营销短信须写明怎样退订。"), 500
        ),
        Field(
            "provider_code",
            gettext("服务商模板编号"),
            help=gettext("服务商审核通过后给的编号，例如 SMS_123456789"),
            longest=40,
            required=False,
        ),
    ]
    known = {
        "area": "templates", "fields": drawn(fields, typed, problems), "problems": said(problems), "row": row,
        "title": gettext("修改模板") if row else gettext("新建模板"), "up": reverse("messaging:templates"), "up_words": gettext("模板"),
    }  # fmt: skip
    return render(request, "messaging/form.html", known, status=422 if problems else 200)


def _wish(typed: QueryDict, row: SmsTemplate | None, gateways: list[SmsGateway]) -> TemplateWish:
    chosen = next((each for each in gateways if str(each.pk) == typed.get("gateway")), None)
    code = row.code if row else typed.get("code", "").strip()
    return TemplateWish(
        code, typed.get("title", ""), chosen, typed.get("purpose", ""), typed.get("words", ""), typed.get("signature", ""),
        typed.get("provider_code", ""),
    )  # fmt: skip


def _typed_of(row: SmsTemplate) -> dict[str, str]:
    return {
        "code": row.code, "title": row.title, "gateway": str(row.gateway_id), "purpose": row.purpose, "words": row.words,
        "signature": row.signature, "provider_code": row.provider_code,
    }  # fmt: skip


def show(request: Request, number: int) -> HttpResponse:
    return _page(request, _template(request, number))


def _page(
    request: Request, row: SmsTemplate, problems: dict[str, Text] | None = None, typed: dict[str, str] | None = None
) -> HttpResponse:
    problems = problems or {}
    full = signed(row.signature, row.words)
    names = names_of([each for each in (row.written_by, row.decided_by) if each], {})
    asked = [Field("number", gettext("手机号码"), longest=20), *(Field(name, f"{{{name}}}") for name in row.variables)]
    known = {
        "area": "templates", "row": row, "state": template_words(row), "purpose": purpose_words(row.purpose),
        "full": full, "segments": segments_of(full),
        "price": yuan(segments_of(full) * row.gateway.price), "writer": names.get(row.written_by, row.written_by),
        "decider": names.get(row.decided_by, row.decided_by), "is_writer": row.written_by == request.viewer.principal,
        "fields": drawn(asked, typed or {}, problems), "problems": said(problems),
    }  # fmt: skip
    return render(request, "messaging/template.html", known, status=422 if problems else 200)


def decide(request: Request, number: int) -> HttpResponseBase:
    """Submitted, approved, sent back or retired."""
    row, by, what = _template(request, number), request.viewer.principal, request.POST.get("what", "")
    try:
        match what:
            case "submit":
                actions.submit_template(row, by=by, now=request.now)
            case "approve":
                actions.approve_template(row, by=by, now=request.now)
            case "refuse":
                actions.refuse_template(row, request.POST.get("why", ""), by=by, now=request.now)
            case "retire":
                actions.retire_template(row, by=by, now=request.now)
            case _:
                raise Http404
    except Refused as refused:
        return _page(request, row, refused.problems)
    done = {
        "submit": gettext("已提交，等另一位同事批准。"),
        "approve": gettext("已批准，可以使用了。"),
        "refuse": gettext("已退回。"),
        "retire": gettext("已停用。"),
    }
    messages.success(request, done[what])
    return HttpResponseRedirect(reverse("messaging:template", args=[number]))


def test(request: Request, number: int) -> HttpResponseBase:
    """Send it to one phone, through the same gate as everything else."""
    row = _template(request, number)
    typed = {name: request.POST.get(name, "") for name in ("number", *row.variables)}
    try:
        to = normalise(typed["number"])
        words_of(row, typed)
        made = queue(
            Order(to, purpose=row.purpose, template=row, values=typed, by=request.viewer.principal), request.now
        )
    except NotAPhone:
        return _page(request, row, {"number": Text(zh="请填写手机号码。", en="Write a phone number.")}, typed)
    except Refused as refused:
        return _page(request, row, refused.problems, typed)
    if made.state == "refused":
        messages.error(request, gettext("没有放行：%(why)s") % {"why": why(made)})
    else:
        messages.success(request, gettext("已排队发送。"))
    where = (
        reverse("messaging:message", args=[made.pk])
        if request.viewer.is_admin
        else reverse("messaging:template", args=[number])
    )
    return HttpResponseRedirect(where)


def _template(request: Request, number: int) -> SmsTemplate:
    try:
        return template_for(request.viewer, number)
    except NotFound:
        raise Http404
