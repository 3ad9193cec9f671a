"""Ways in and out: SMS gateways and WeChat accounts. Secrets are typed, never shown."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.channels.access import account_for, gateway_for
from zhike.channels.refusals import NotFound, Refused
from zhike.channels.sms import accounts as sms
from zhike.channels.sms.models import SmsGateway, SmsTemplate
from zhike.channels.wechat import accounts as wechat
from zhike.channels.wechat.client import Client, NoToken
from zhike.channels.wechat.models import WechatAccount
from zhike.handbook.common import Text
from zhike.lib import clock
from zhike.web.context import Request
from zhike.web.messaging.fields import Field, drawn, handbook_choices, said
from zhike.web.messaging.words import provider_words, yuan

SMS_FIELDS = ("name", "provider", "handbook", "access_id", "secret", "region", "app_id", "endpoint", "price")
WECHAT_FIELDS = ("name", "kind", "handbook", "app_id", "open_kfid", "secret", "token", "aes_key", "endpoint")
REAL = '{"provider": ["aliyun", "tencent"]}'
TENCENT = '{"provider": ["tencent"]}'
WECOM = '{"kind": ["wecom"]}'


def show_list(request: Request) -> HttpResponse:
    gateways = SmsGateway.objects.select_related("inbox").order_by("-is_active", "pk")[:100]
    accounts = WechatAccount.objects.select_related("inbox").order_by("-is_active", "pk")[:100]
    known = {
        "area": "gateways",
        "gateways": [(row, provider_words(row.provider), yuan(row.price)) for row in gateways],
        "accounts": [(row, provider_words(row.kind)) for row in accounts],
    }
    return render(request, "messaging/gateways.html", known)


def new_gateway(request: Request) -> HttpResponseBase:
    return _gateway_form(request, None)


def gateway(request: Request, number: int) -> HttpResponseBase:
    return _gateway_form(request, _gateway(request, number))


def _gateway_form(request: Request, row: SmsGateway | None) -> HttpResponseBase:
    problems: dict[str, Text] = {}
    typed = _typed_of_gateway(row) if row else {"provider": "local", "price": "0.045"}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in SMS_FIELDS}
        if row:
            typed["provider"] = row.provider
        try:
            made = sms.save_gateway(row, sms.GatewayWish(**typed), by=request.viewer.principal, now=request.now)
        except Refused as refused:
            problems = refused.problems
        else:
            messages.success(request, gettext("已保存。"))
            return HttpResponseRedirect(reverse("messaging:gateway", args=[made.pk]))
    known = {
        "area": "gateways", "fields": drawn(_gateway_fields(request, row), typed, problems), "problems": said(problems), "row": row,
        "title": row.name if row else gettext("新建短信网关"), "up": reverse("messaging:gateways"), "up_words": gettext("网关与账号"),
        **(_beside_gateway(request, row) if row else {}),
    }  # fmt: skip
    return render(request, "messaging/gateway.html", known, status=422 if problems else 200)


def _typed_of_gateway(row: SmsGateway) -> dict[str, str]:
    return {
        "name": row.name, "provider": row.provider, "handbook": row.inbox.handbook, "access_id": row.access_id, "region": row.region,
        "app_id": row.app_id, "endpoint": row.endpoint, "price": yuan(row.price).removeprefix("¥"),
    }  # fmt: skip


def _gateway_fields(request: Request, row: SmsGateway | None) -> list[Field]:
    answers = gettext("客户回复进入这本制度的队列，发送受它的条款约束。")
    given = gettext("阿里云 AccessKeyId 或腾讯云 SecretId")
    kept = gettext("留空则不变") if row else ""
    providers = [(value, provider_words(value)) for value in SmsGateway.Provider.values]
    if row:
        providers = [each for each in providers if each[0] == row.provider]
    return [
        Field("name", gettext("名称")),
        Field("provider", gettext("服务商"), "select", choices=providers),
        Field("handbook", gettext("归属制度"), "select", answers, choices=handbook_choices(request.now)),
        Field("access_id", gettext("账号标识"), "text", given, 128, required=False, shown_when=REAL),
        Field("secret", gettext("密钥"), "password", kept, 128, required=False, shown_when=REAL),
        Field("app_id", gettext("短信应用 SDK AppID"), longest=32, required=False, shown_when=TENCENT),
        Field("region", gettext("地域"), help=gettext("留空用服务商的默认地域"), longest=32, required=False, shown_when=TENCENT),
        Field("endpoint", gettext("接口地址"), help=gettext("留空用服务商的公开地址"), longest=200, required=False, shown_when=REAL),
        Field("price", gettext("每条单价（元）"), longest=6, required=False),
    ]  # fmt: skip


def _beside_gateway(request: Request, row: SmsGateway) -> dict[str, object]:
    """Addresses to enter with the provider, and the templates free words may travel in."""
    fitting = SmsTemplate.objects.filter(gateway=row, state="approved", purpose="service", variables__len=1).order_by(
        "code"
    )
    return {
        "receipts": request.build_absolute_uri(reverse("callbacks:sms_receipts", args=[row.callback])),
        "replies": request.build_absolute_uri(reverse("callbacks:sms_replies", args=[row.callback])),
        "fitting": list(fitting[:100]), "provider": provider_words(row.provider),
    }  # fmt: skip


def switch(request: Request, number: int) -> HttpResponseBase:
    row = _gateway(request, number)
    sms.switch_gateway(row, active=not row.is_active, by=request.viewer.principal, now=request.now)
    messages.success(request, gettext("已停用，未发出的不再发送。") if row.is_active else gettext("已启用。"))
    return HttpResponseRedirect(reverse("messaging:gateway", args=[number]))


def reply_template(request: Request, number: int) -> HttpResponseBase:
    row, chosen = _gateway(request, number), request.POST.get("template", "")
    template = (
        SmsTemplate.objects.filter(pk=int(chosen), gateway=row).first()
        if chosen.isdecimal() and len(chosen) < 18
        else None
    )
    try:
        sms.choose_reply_template(row, template, by=request.viewer.principal, now=request.now)
    except Refused as refused:
        messages.error(request, " ".join(said(refused.problems)))
    else:
        messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("messaging:gateway", args=[number]))


def new_account(request: Request) -> HttpResponseBase:
    return _account_form(request, None)


def account(request: Request, number: int) -> HttpResponseBase:
    return _account_form(request, _account(request, number))


def _account_form(request: Request, row: WechatAccount | None) -> HttpResponseBase:
    problems: dict[str, Text] = {}
    typed = _typed_of_account(row) if row else {"kind": "official"}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in WECHAT_FIELDS}
        if row:
            typed["kind"] = row.kind
        try:
            made = wechat.save_account(row, wechat.AccountWish(**typed), by=request.viewer.principal, now=request.now)
        except Refused as refused:
            problems = refused.problems
        else:
            messages.success(request, gettext("已保存。把下面的回调地址填到微信后台，选安全模式。"))
            return HttpResponseRedirect(reverse("messaging:account", args=[made.pk]))
    known = {
        "area": "gateways", "fields": drawn(_account_fields(request, row), typed, problems), "problems": said(problems), "row": row,
        "title": row.name if row else gettext("新建微信账号"), "up": reverse("messaging:gateways"), "up_words": gettext("网关与账号"),
        "callback": request.build_absolute_uri(reverse("callbacks:wechat", args=[row.callback])) if row else "",
    }  # fmt: skip
    return render(request, "messaging/account.html", known, status=422 if problems else 200)


def _typed_of_account(row: WechatAccount) -> dict[str, str]:
    return {
        "name": row.name, "kind": row.kind, "handbook": row.inbox.handbook, "app_id": row.app_id, "open_kfid": row.open_kfid,
        "endpoint": row.endpoint,
    }  # fmt: skip


def _account_fields(request: Request, row: WechatAccount | None) -> list[Field]:
    kept = gettext("留空则不变") if row else ""
    kinds = [(value, provider_words(value)) for value in WechatAccount.Kind.values]
    if row:
        kinds = [each for each in kinds if each[0] == row.kind]
    return [
        Field("name", gettext("名称")),
        Field("kind", gettext("类型"), "select", choices=kinds),
        Field("handbook", gettext("归属制度"), "select", choices=handbook_choices(request.now)),
        Field("app_id", gettext("AppID 或企业 ID"), longest=64),
        Field("open_kfid", gettext("客服账号（open_kfid）"), longest=64, required=False, shown_when=WECOM),
        Field("secret", gettext("密钥（Secret）"), "password", kept, 128, required=row is None),
        Field("token", gettext("回调 Token"), "password", kept, 32, required=row is None),
        Field("aes_key", gettext("EncodingAESKey"), "password", kept, 43, required=row is None),
        Field("endpoint", gettext("接口地址"), help=gettext("留空用微信的公开地址"), longest=200, required=False),
    ]


def switch_wechat(request: Request, number: int) -> HttpResponseBase:
    row = _account(request, number)
    wechat.switch_account(row, active=not row.is_active, by=request.viewer.principal, now=request.now)
    messages.success(request, gettext("已停用，不再收发。") if row.is_active else gettext("已启用。"))
    return HttpResponseRedirect(reverse("messaging:account", args=[number]))


def check_account(request: Request, number: int) -> HttpResponseBase:
    """Does the secret work? WeChat is asked for a token."""
    try:
        Client(_account(request, number), clock.wall()).token()
    except NoToken as none:
        words = f"{none.answer.code or ''} {none.answer.words or none.answer.fault}".strip()
        messages.error(request, gettext("连接不成功：%(why)s。请核对 AppID、密钥和 IP 白名单。") % {"why": words})
    else:
        messages.success(request, gettext("连接正常。"))
    return HttpResponseRedirect(reverse("messaging:account", args=[number]))


def _gateway(request: Request, number: int) -> SmsGateway:
    try:
        return gateway_for(request.viewer, number)
    except NotFound:
        raise Http404


def _account(request: Request, number: int) -> WechatAccount:
    try:
        return account_for(request.viewer, number)
    except NotFound:
        raise Http404
