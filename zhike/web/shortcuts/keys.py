"""The keys of the product. A key that a template or a script knows and this list does not, or the other way round, fails a test."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the page: the keys as they are pressed, one after the other or one of several, and what happens."""

    keys: tuple[str, ...]
    words: str
    together: bool = False
    """Held down at the same time."""


@dataclass(frozen=True, slots=True)
class Group:
    """Where the keys are heard."""

    title: str
    keys: tuple[Key, ...]


def groups() -> tuple[Group, ...]:
    """The page, in the language in force."""
    return (
        Group(
            gettext("到处可用"),
            (
                Key(("?",), gettext("打开这一页")),
                Key(("/",), gettext("查找工单")),
                Key(("1", "…", "9"), gettext("打开主导航里的第几项")),
                Key(("y",), gettext("看依据：有焦点的那一项的条款，没有焦点时看页面上第一条")),
                Key(("Tab",), gettext("到下一个可以按的地方；第一下出现“跳到正文”")),
                Key(("Esc",), gettext("离开正在填写的格子；关闭弹出的条款、菜单")),
            ),
        ),
        Group(
            gettext("列表"),
            (
                Key(("j", "k"), gettext("下一行、上一行")),
                Key(("Enter",), gettext("打开这一行")),
                Key(("x",), gettext("选中这一行，用来批量办理")),
                Key(("c",), gettext("新建")),
                Key(("[",), gettext("回到第一页")),
                Key(("]",), gettext("下一页")),
            ),
        ),
        Group(
            gettext("预警台和看板"),
            (
                Key(("r",), gettext("预警台：把这一条交给同事")),
                Key(("m",), gettext("看板：列出能把这一张带到别处的办理")),
                Key(("\u2190", "\u2192"), gettext("看板：左一列、右一列")),
            ),
        ),
        Group(
            gettext("会话"),
            (
                Key(("r",), gettext("回复顾客")),
                Key(("n",), gettext("写内部备注")),
                Key(("/",), gettext("正在写时：选常用语")),
                Key(("a",), gettext("接起这一行")),
                Key(("t",), gettext("转交")),
                Key(("c",), gettext("结束会话")),
                Key(("w",), gettext("登记来访、来信、来电")),
                Key(("h",), gettext("已结束的会话")),
                Key(("f",), gettext("到查找的格子：列表里的会话，已结束的会话")),
                Key(("\u2191",), gettext("还没写字时：修改刚发出的一条")),
            ),
        ),
        Group(
            gettext("工单和客户"),
            (
                Key(("n",), gettext("写备注")),
                Key(("z",), gettext("撤销刚办理的一项")),
                Key(("e",), gettext("修改客户资料")),
                Key(("Ctrl", "Enter"), gettext("提交正在填写的表单"), together=True),
            ),
        ),
    )


def known() -> set[str]:
    """Every key of the page, as the browser calls it."""
    names = {"Esc": "Escape", "\u2190": "ArrowLeft", "\u2192": "ArrowRight", "\u2191": "ArrowUp"}
    return {names.get(key, key) for group in groups() for line in group.keys for key in line.keys}
