"""`{% load zhike_web %}`: deadlines, clause links, words for time, values of forms."""

from __future__ import annotations

import datetime as dt
import json
from functools import lru_cache
from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from zhike.cases.models import Case
from zhike.cases.titles import title_in
from zhike.channels.wechat.wording import told
from zhike.conversations.failures import Failed, in_words
from zhike.handbook.common import Text
from zhike.web.base import times
from zhike.web.base.deadlines import Deadline, time_left
from zhike.web.workbench.words import presence_word

register = template.Library()


@register.inclusion_tag("base/deadline.html")
def deadline(view: Deadline) -> dict[str, Any]:
    """The deadline component: state, time left, holder, bar, clause."""
    return {"d": view}


register.simple_tag(time_left)


@register.simple_tag
def clause_link(handbook: str, clause: str, case_id: int = 0, title: str = "") -> SafeString:
    """依据 WARN-05: opens the clause, with the facts of the case where one is given."""
    named = f"{gettext('依据')} {clause}"
    return format_html(
        '<a class="zk-why" href="{}" title="{}">{}</a>',
        clause_url(handbook, clause, case_id),
        f"{named} {title}" if title else named,
        named,
    )


@register.simple_tag
def clause_url(handbook: str, clause: str, case_id: int = 0) -> str:
    """Where a clause is shown: its sentence, the facts used, its ledger."""
    url = _clause_page(handbook, clause)
    return f"{url}?case={case_id}" if case_id and "#" not in url else url


@lru_cache(maxsize=4096)
def _clause_page(handbook: str, clause: str) -> str:
    try:
        return reverse("handbook_page:clause", args=[handbook, clause])
    except NoReverseMatch:
        return f"/handbook/{handbook}#{clause}"


@register.tag
def still(parser: Parser, token: Token) -> template.Node:  # noqa: ARG001 - every tag is given its own
    """`{% still %}...{% endstill %}`: what is the same on every page of a language, drawn once in each process."""
    nodes = parser.parse(("endstill",))
    parser.delete_first_token()
    return Still(nodes)


class Still(template.Node):
    """The template's own cache holds it, so it lives as long as the template."""

    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist
        self.drawn: dict[str | None, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        language = get_language()
        if language not in self.drawn:
            self.drawn[language] = self.nodelist.render(context)
        return self.drawn[language]


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: dt.datetime | None) -> str:
    """6月10日 周二 14:30"""
    return times.moment(at, context["now"]) if at else ""


@register.simple_tag(takes_context=True)
def short_moment(context: template.Context, at: dt.datetime | None) -> str:
    """14:30, 明天 09:00, 6月12日 09:00"""
    return times.short_moment(at, context["now"]) if at else ""


@register.simple_tag(takes_context=True)
def ago(context: template.Context, at: dt.datetime | None) -> str:
    return times.ago(at, context["now"]) if at else ""


@register.filter
def words(text: Text | dict[str, str] | str | None) -> str:
    """A text of the handbook, or words kept in a row, in the language in force."""
    language = get_language() or "zh"
    if isinstance(text, Text):
        return text.say(language)
    if isinstance(text, dict):
        return (text.get("en") if language.startswith("en") else "") or text.get("zh", "")
    return text or ""


@register.filter
def why(row: Failed) -> str:
    """Why it did not go out, in the language in force."""
    return in_words(row, get_language() or "zh")


@register.filter
def heard(words: str) -> str:
    """What came in, in which the lines the product itself wrote are in the language in force."""
    return told(words, get_language() or "zh")


@register.filter
def titled(case: Case) -> str:
    """The title of a case in the language in force."""
    return title_in(case, get_language() or "zh")


@register.filter
def presence(state: str) -> str:
    """What somebody is doing now, in a word."""
    return presence_word(state)


@register.filter
def as_json(value: Any) -> str:
    """For data attributes; the template escapes it."""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def split(text: str) -> list[str]:
    return text.split(",")


@register.filter
def size(count: int) -> str:
    """Bytes as people read them: 240 KB, 1.2 MB."""
    return f"{max(1, count // 1024)} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"


@register.simple_tag
def module(name: str) -> str:
    """The address of one of our browser modules."""
    return _address(f"zhike/{name}.js")


@register.simple_tag
def sheet(name: str) -> str:
    """The address of one of our style sheets."""
    return _address(f"zhike/{name}.css")


@lru_cache(maxsize=256)
def _address(path: str) -> str:
    """Files that are served do not change while a process lives."""
    return static(path)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture beside words, never instead of them: one of tools/icons.py, hidden from who listens to the page."""
    return _icon(name)


@lru_cache(maxsize=64)
def _icon(name: str) -> SafeString:
    address = static("zhike/icons.svg")
    return format_html('<svg class="zk-icon" aria-hidden="true"><use href="{}#{}"/></svg>', address, name)


@register.simple_tag
def clock_words() -> dict[str, str]:
    """The words a ticking clock is written with; `@` stands for the number or the span."""
    return {
        "left": gettext("还剩 %(span)s") % {"span": "@"},
        "late": gettext("超时 %(span)s") % {"span": "@"},
        "left_moment": gettext("还剩不到 1 分钟"),
        "late_moment": gettext("超时不到 1 分钟"),
        "minute": times.minutes(1).replace("1", "@"),
        "minutes": times.minutes(2).replace("2", "@"),
        "hour": times.hours(1).replace("1", "@"),
        "hours": times.hours(2).replace("2", "@"),
        "day": times.days(1).replace("1", "@"),
        "days": times.days(2).replace("2", "@"),
        "overdue": gettext("已超时"),
    }


@register.simple_tag(takes_context=True)
def sandbox_bar(context: template.Context) -> SafeString:
    """The bar of the sandbox (virtual clock, role switcher) where that area is installed."""
    try:
        bar = get_template("sandbox/bar.html")
    except template.TemplateDoesNotExist:
        return SafeString("")
    return SafeString(
        bar.render({str(name): value for name, value in context.flatten().items()}, context.get("request"))
    )
