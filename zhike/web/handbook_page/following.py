"""What follows from a clause, in words: who is told, what is owed, what happens to the case or the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.common import Effect
from zhike.web.handbook_page.terms import action_title, conditions, stage_title, thing
from zhike.web.handbook_page.titles import anything, finding, listed, measure, role, roles, say


def effects(book: Book, found: Iterable[Effect], process: str | None) -> str:
    """What follows: `标为超时；通知400热线服务主管`"""
    return gettext("；").join(filter(None, (_effect(book, effect, process) for effect in found)))


def _effect(book: Book, effect: Effect, process: str | None) -> str:
    words = gettext("，").join(
        filter(None, (*_told(book, effect), *_done(book, effect, process), *_held(book, effect, process)))
    )
    if effect.when and words:
        return gettext("%(when)s时%(words)s") % {"when": conditions(book, effect.when, process), "words": words}
    return words


def _told(book: Book, effect: Effect) -> Iterator[str]:
    """What an effect notes down and whom it tells."""
    if effect.mark_overdue:
        yield gettext("标为超时")
    if effect.notify:
        names = (effect.notify,) if isinstance(effect.notify, str) else effect.notify
        yield gettext("通知%(who)s") % {"who": roles(book, names)}
    if effect.owe:
        yield gettext("产生应办事项 %(clause)s") % {"clause": effect.owe}
    if effect.apply:
        named = (effect.apply,) if isinstance(effect.apply, str) else effect.apply
        yield gettext("依 %(clauses)s 处理") % {"clauses": listed(named)}
    if effect.finding:
        yield gettext("记一次“%(finding)s”") % {"finding": finding(book, effect.finding)}
    if effect.indicator:
        yield gettext("计入“%(name)s”") % {"name": measure(book, effect.indicator)}
    if effect.log:
        yield gettext("留下日志")
    if effect.remind:
        yield gettext("再请顾客评价一次")
    yield say(effect.say)


def _done(book: Book, effect: Effect, process: str | None) -> Iterator[str]:
    """What an effect does with the case or the conversation."""
    if effect.act:
        yield gettext("系统办理“%(what)s”") % {"what": action_title(book, effect.act, process)}
    if effect.reassign:
        yield gettext("转给%(who)s") % {"who": role(book, effect.reassign)}
    if effect.opens:
        yield gettext("开一张“%(what)s”") % {"what": anything(book, effect.opens)}
    if isinstance(effect.reopen, str):
        yield gettext("重新打开工单，回到“%(stage)s”") % {"stage": stage_title(book, effect.reopen, process)}
    elif effect.reopen:
        yield gettext("重新打开工单")
    if effect.close:
        yield gettext("结束会话，结果记为“%(outcome)s”") % {"outcome": anything(book, effect.close)}
    if effect.requeue:
        yield gettext("回到队首") if effect.requeue == "head" else gettext("回到队尾")
    if effect.retry:
        yield gettext("再试一次")


def _held(book: Book, effect: Effect, process: str | None) -> Iterator[str]:
    """What loses its force or may not be used."""
    if effect.void:
        yield gettext("%(what)s作废") % {"what": void_words(effect.void)}
    if effect.deem:
        yield gettext("视为%(what)s") % {"what": effect.deem}
    if effect.freeze:
        yield gettext("冻结%(what)s") % {"what": thing(book, effect.freeze, process)}
    if effect.unfreeze:
        yield gettext("解冻%(what)s") % {"what": thing(book, effect.unfreeze, process)}
    if effect.sign_out:
        yield gettext("退出接待")


def void_words(what: str) -> str:
    return {
        "booking": gettext("预约"),
        "promise": gettext("承诺"),
        "extension": gettext("延期"),
    }.get(what, what)
