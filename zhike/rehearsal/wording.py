"""The vocabulary as a writer of scenarios reads it, and which of its steps a sentence was probably meant to be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

SHOWN = {
    "<N>": "「…」", "<NS>": "「…」、…", "<W>": "“…”", "<M>": " 时刻", "<D>": " 日期 ", "<S>": " 时长", "<I>": " N ", "<C>": "[「…」的]",
    r"「([^」]*)」": "「…」", r"(\d+)": " N ", r"\d+": " N ", "(.+)": " 值", ".+": " 值",
}  # fmt: skip
"""Placeholders and the pieces of expressions that stand for something a writer fills in."""
NARROW = {0xFF08: "(", 0xFF09: ")"}
"""Choices stand in narrow brackets, as those that are read from a pattern."""
PRIVATE = 0xE000
"""Letters of no language stand for the pieces while a pattern is read."""
CHOICE = re.compile(r"\(([^()]* / [^()]*)\)")
OPTIONAL = re.compile(r"\[[^\[\]]*\]…?")
OPENING = re.compile(r"^[\d:\uff1a年月日时点分 -]+[,\uff0c]")
LIKE = 0.35
"""How alike a step must be to be suggested."""


def say_as(expression: str, shown: str) -> str:
    """Show a longer expression, used in several steps, in these words; answers with the expression."""
    SHOWN[expression] = shown.translate(NARROW)
    return expression


def readable(written: str) -> str:
    """A pattern as it is written in a scenario: `<N>(?:对<N>)?做<N>` -> `「…」[对「…」]做「…」`."""
    marked = [(chr(PRIVATE + n), *pair) for n, pair in enumerate(sorted(SHOWN.items(), key=lambda one: -len(one[0])))]
    for mark, sign, _ in marked:
        written = written.replace(sign, mark)
    found, _ = _branches(written, 0)
    for mark, _, shown in marked:
        found = found.replace(mark, shown)
    return " ".join(found.replace(",", "\uff0c").split())


def _branches(text: str, at: int) -> tuple[str, int]:
    """What stands up to the closing bracket: `a|b` is a choice."""
    parts = [""]
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            parts.append("")
            at += 1
            continue
        piece, at = _piece(text, at)
        parts[-1] += piece
    return " / ".join(dict.fromkeys(part for part in parts if part)), at + 1


def _piece(text: str, at: int) -> tuple[str, int]:
    """One letter or bracket with the sign behind it that says how often it stands there."""
    if text[at] == "(":
        inside, at = _branches(text, at + (3 if text.startswith("(?:", at) else 1))
        grouped = True
    elif text[at] == "\\":
        inside, at, grouped = text[at + 1], at + 2, False
    else:
        inside, at, grouped = text[at], at + 1, False
    sign = text[at] if at < len(text) else ""
    if sign in ("?", "*"):
        return (f"[{inside}]" if inside else "") + ("…" if sign == "*" and inside else ""), at + 1
    return (f"({inside})" if grouped and " / " in inside else inside), at


def nearest(sentence: str, known: Iterable[str]) -> list[str]:
    """At most three entries of the vocabulary that look most like the sentence, the most alike first."""
    said = _skeleton(sentence)
    rated = {shown: _likeness(said, shown) for shown in map(readable, known)}
    best = sorted(rated, key=lambda shown: -rated[shown])[:3]
    return [shown for shown in best if rated[shown] >= LIKE]


def _likeness(said: str, shown: str) -> float:
    """How alike they are with or without what may be left out, whichever fits better."""
    one, bare = shown, shown
    while CHOICE.search(one):
        one = CHOICE.sub(lambda match: _chosen(said, match[1].split(" / ")), one)
    bare = one
    while OPTIONAL.search(bare):
        bare = OPTIONAL.sub("", bare)
    return max(_alike(said, _skeleton(one)), _alike(said, _skeleton(bare)))


def _chosen(said: str, options: list[str]) -> str:
    """The choice that the sentence made, or came nearest to."""
    return max(options, key=lambda option: difflib.SequenceMatcher(None, said, option).find_longest_match().size)


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _skeleton(text: str) -> str:
    """The words of the language without names, values, brackets and marks."""
    text = re.sub(r"「[^」]*」", "「", re.sub(r"“[^”]*”|\"[^\"]*\"", "“", text))
    return re.sub(r"[\s\[\]()/、,\uff0c…」]", "", re.sub(r"\d+|N", "0", text))


def unknown(sentence: str, known: Iterable[str]) -> str:
    """Why no step fits, and what to write instead."""
    found = nearest(sentence, known)
    if OPENING.match(sentence):
        return (
            f"读不懂“{sentence}”：开头的时刻写成 09:30、06-11 09:30、次日 09:30 或 2025-06-11 09:30:00，后面用逗号。"
            + (f"逗号后面相近的步骤：{' ｜ '.join(found)}" if found else "")
        )
    if sentence.count("「") != sentence.count("」"):
        return f"读不懂“{sentence}”：「 和 」没有成对，请补上缺的一个"
    if found:
        return f"没有这样的步骤：“{sentence}”。相近的写法：{' ｜ '.join(found)}（名称放在「」里，原话放在“”里）"
    return f"没有这样的步骤：“{sentence}”，也没有相近的。全部写法见 docs/scenario-steps.md，或用 zhike rehearse --steps 列出"
