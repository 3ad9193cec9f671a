"""The shop's pages. Its goods are made up and say so; what is asked in the chat reaches the department's real queue."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from zhike.channels.webchat.inboxes import demo_inbox
from zhike.handbook.common import Text
from zhike.web.context import Request


@dataclass(frozen=True, slots=True)
class Product:
    """Something nobody can buy."""

    id: str
    name: Text
    words: Text
    price: str


PRODUCTS = (
    Product(
        "kettle", Text(zh="示例电水壶", en="Sample kettle"),
        Text(zh="1.7 升，自动断电。示例商品，不出售。", en="1.7 l, switches itself off. A sample; not for sale."), "¥129.00",
    ),
    Product(
        "lamp", Text(zh="示例台灯", en="Sample lamp"),
        Text(zh="三档亮度，可充电。示例商品，不出售。", en="Three levels, rechargeable. A sample; not for sale."), "¥89.00",
    ),
    Product(
        "fan", Text(zh="示例落地扇", en="Sample fan"),
        Text(zh="静音，遥控，上门安装。示例商品，不出售。", en="Quiet, with remote control. A sample; not for sale."), "¥399.00",
    ),
    Product(
        "bag", Text(zh="示例双肩包", en="Sample backpack"),
        Text(zh="18 升，防泼水。示例商品，不出售。", en="18 l, sheds water. A sample; not for sale."), "¥199.00",
    ),
)  # fmt: skip


def shop(request: Request) -> HttpResponse:
    return _page(request, None)


def product(request: Request, product: str) -> HttpResponse:
    found = next((each for each in PRODUCTS if each.id == product), None)
    if found is None:
        raise Http404
    return _page(request, found)


def _page(request: Request, chosen: Product | None) -> HttpResponse:
    """404 where no inbox is shown in the shop, outside the sandbox."""
    inbox = demo_inbox(request.now, sandbox=settings.SANDBOX, address=f"{request.scheme}://{request.get_host()}")
    if inbox is None:
        raise Http404
    language = get_language() or "zh"
    goods = [(each.id, each.name.say(language), each.words.say(language), each.price) for each in PRODUCTS]
    one = next((good for good in goods if chosen is not None and good[0] == chosen.id), None)
    shown = {"inbox": inbox, "goods": goods, "one": one, "widget_language": "en" if language.startswith("en") else "zh"}
    return render(request, "demo/shop.html", shown)
