"""Nothing a clause says is passed over on its page, and no word of a program stands among the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from pydantic import BaseModel, TypeAdapter

from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause
from zhike.handbook.common import Parameter, Test, Text
from zhike.handbook.happenings import HAPPENINGS, happening
from zhike.handbook.library import find, names
from zhike.handbook.load import load
from zhike.handbook.structure import Handbook
from zhike.web.handbook_page.describing import lines_of

BESIDE = {"id", "kind", "title", "cites", "quote", "also", "process", "part_of", "name"}
"""Said by the page itself: the head of the clause, its quotation, the section it stands in; `name` is a measure's own."""
PROGRAMMED = re.compile(r"\b[a-z]+(?:[._][a-z]+)+\b", re.ASCII)
BOOKS = names()


class Watched:
    """A part of a clause that notes which of its terms are read; for isinstance it is what it stands for."""

    def __init__(self, part: BaseModel, path: str, read: set[str]) -> None:
        self.__dict__.update(_part=part, _path=path, _read=read)

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return type(self._part)

    def __getattr__(self, name: str) -> Any:
        made = getattr(type(self._part), name, None)
        value = made.fget(self) if isinstance(made, property) and made.fget else getattr(self._part, name)
        if name in type(self._part).model_fields:
            self._read.add(f"{self._path}.{name}")
        return watched(value, f"{self._path}.{name}", self._read)


def watched(value: Any, path: str, read: set[str]) -> Any:
    if isinstance(value, BaseModel) and not isinstance(value, Test | Text | Parameter):
        return Watched(value, path, read)
    if isinstance(value, tuple):
        return tuple(watched(each, path, read) for each in value)
    return value


def said(part: BaseModel, path: str) -> Iterator[str]:
    """Every term that is given and says more than its default, by its path: `Deadline.due.every`."""
    for name, known in type(part).model_fields.items():
        value = getattr(part, name)
        if name in BESIDE or value == known.get_default(call_default_factory=True):
            continue
        yield f"{path}.{name}"
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, BaseModel) and not isinstance(each, Test | Text | Parameter):
                yield from said(each, f"{path}.{name}")


def passed_over(book: Book, clause: Clause) -> set[str]:
    """The terms of the clause nobody read while it was described."""
    read: set[str] = set()
    kind = type(clause).__name__
    lines_of(book, Watched(clause, kind, read))  # type: ignore[arg-type]
    return {term for term in said(clause, kind) if term not in read}


@pytest.fixture(scope="module", params=BOOKS)
def book(request: pytest.FixtureRequest) -> Book:
    return load(find(request.param))


def test_every_term_of_every_clause_is_said(book: Book) -> None:
    silent = {clause.id: found for clause in book.handbook.clauses if (found := passed_over(book, clause))}
    assert silent == {}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_word_of_a_program_stands_in_a_clause(book: Book, language: str) -> None:
    with translation.override(language):
        told = {
            (c.id, line.words)
            for c in book.handbook.clauses
            for line in lines_of(book, c)
            if PROGRAMMED.search(line.words)
        }
    assert told == set()


@pytest.mark.parametrize(
    ("event", "zh", "en"),
    [
        ("presence.away.entered", "转入“离开”时", "when somebody turns “away”"),
        ("presence.enter.ready", "要转入“就绪”时", "when somebody wants to turn “ready”"),
        ("presence.wrap_up.left", "结束“话后处理”时", "when “in wrap-up” ends"),
        ("conversation.accepted", "会话接起时", "when a conversation is accepted"),
    ],
)
def test_events_of_the_product_have_words(event: str, zh: str, en: str) -> None:
    words = happening(event)
    assert words is not None
    assert (words.zh, words.en) == (zh, en)


def test_unknown_events_have_none() -> None:
    assert [happening(name) for name in ("presence.asleep.entered", "call.ended", "action.submit")] == [None] * 3
    assert all(words.zh and words.en for words in HAPPENINGS.values())


HEAD = {"id": "X-01", "title": "示例", "cites": "1", "quote": "示例"}
SMALL = Handbook.model_validate(
    {
        "name": "example",
        "title": "示例制度",
        "version": "1",
        "effective": "2025-01-01",
        "roles": [{"id": "lead", "title": "示例主管"}, {"id": "agent", "title": "示例专员"}],
        "records": [
            {
                "id": "job",
                "title": "示例维修单",
                "fields": [
                    {"id": "fee", "title": "维修费", "type": "money"},
                    {"id": "parts", "title": "材料费", "type": "money"},
                    {"id": "guests", "title": "来宾人数", "type": "int"},
                    {"id": "birthday", "title": "生日", "type": "date"},
                    {"id": "area", "title": "区域", "type": "enum", "choices": [{"id": "north", "title": "北区"}]},
                ],
            }
        ],
        "parameters": [{"id": "wait", "title": "等候", "value": "15m"}],
        "names": {"study": {"zh": "待岗学习", "en": "study"}},
    }
)
EXAMPLES: list[tuple[dict[str, Any], list[str]]] = [
    (
        {
            "kind": "deadline",
            "starts": ["case.opened"],
            "until": ["conversation.answered"],
            "holder": "agent",
            "within": {"param": "wait"},
            "time": "deferred",
            "boundary": "exclusive",
        },
        [
            "期限：15 分钟（自然时间，营业时间以外从下一次开门算起），正好到点算迟",
            "在谁手里：示例专员",
            "起算：开单时",
            "停止：答复发出时",
        ],
    ),
    (
        {
            "kind": "deadline",
            "starts": ["case.opened"],
            "until": ["case.closed"],
            "holder": "agent",
            "due": {"every": "month", "day": 3, "working": True},
            "on_move": "keep",
        },
        ["期限：下一个月第 3 个工作日 24:00", "在谁手里：示例专员", "起算：开单时", "停止：结办时"],
    ),
    (
        {
            "kind": "duty",
            "starts": ["case.opened"],
            "owes": ["case.closed"],
            "holder": "lead",
            "every": "checkpoints",
            "checkpoints": ["1d", "7d"],
        },
        ["应办：起算后 1 天、7 天 各一次", "由谁办：示例主管", "起于：开单时", "做到：结办时"],
    ),
    (
        {
            "kind": "duty",
            "for": "customer",
            "owes": ["case.closed"],
            "holder": "lead",
            "every": "occasion",
            "occasion": "job.birthday",
            "attempts": {"most": 3, "different_days": True},
        },
        ["应办：每逢“生日”", "为谁：每位客户", "由谁办：示例主管", "做到：结办时", "未接通：最多 3 次；不在同一天"],
    ),
    (
        {
            "kind": "tariff",
            "yields": "bill",
            "sum": ["fee", {"of": "parts", "percent": 30}],
            "least": 20,
            "most": 500,
            "round": "yuan",
            "over": {"approval": "lead", "above": 300},
        },
        [
            "算出：bill",
            "合计：维修费；parts_share 材料费的 30%",
            "上下限：最少 ¥20.00，最多 ¥500.00",
            "取整：到元",
            "超出时：超过 ¥300.00 的，须经示例主管同意",
        ],
    ),
    (
        {
            "kind": "tariff",
            "yields": "meal",
            "base": {"north": 80},
            "by": "area",
            "other": 60,
            "covers": 2,
            "of": "guests",
            "each_further": 30,
            "is_cap": True,
        },
        [
            "算出：meal",
            "基价：按区域：北区 ¥80.00；其他 ¥60.00，含 2 来宾人数",
            "每多一个：¥30.00",
            "取整：到分",
            "性质：最多花这么多",
        ],
    ),
    (
        {
            "kind": "tariff",
            "yields": "line",
            "brackets": [{"from": 0, "rate": 2}, {"from": 10, "amount": 15}],
            "bracket_of": "guests",
            "marginal": False,
            "range": [1, 9],
            "floor": {"amount": 100},
            "metered": {"fact": "seconds", "unit": 60},
            "pays": "area",
            "per": "guests",
            "quotable_after": "job",
            "on": "case.closed",
            "base": 1,
        },
        [
            "算出：line",
            "何时：结办时",
            "基价：¥1.00，按通话秒数每 60 计，不足一个算一个，每来宾人数",
            "分段：按来宾人数：从 0 起 单价 2；从 10 起 ¥15.00，整个按所在的一段计价",
            "上下限：¥1.00 至 ¥9.00，每月至少 ¥100.00，差额列为“minimum_top_up”",
            "取整：到分",
            "谁付：区域",
            "何时可报价：填完“示例维修单”以后",
        ],
    ),
    (
        {"kind": "tariff", "yields": "rate", "unpriced": True, "round": "none"},
        ["算出：rate", "金额：原文没有写，不计算，也不得报价"],
    ),
    (
        {
            "kind": "sanction",
            "on": "finding.attitude",
            "confirm": {"role": "lead"},
            "tiers": [
                {"from": 1, "fine": 20},
                {"from": 3, "fine": 100, "replaces": True, "propose": ["study"], "lasts": "7d"},
            ],
        },
        [
            "起因：认定“attitude”时",
            "形式：处罚",
            "处理：第 1 次起：扣 ¥20.00；第 3 次起：扣 ¥100.00，待岗学习，为期 7 天，代替前面各次的",
            "由谁确认：示例主管，不能是当事人",
            "生效：只是草案，由另一人确认后生效，当事人可以申诉",
            "申诉：3 个工作日 之内，到期没有答复，处理不变",
        ],
    ),
    (
        {
            "kind": "wording",
            "check": "speech_rate",
            "between": [180, 240],
            "warn_beyond": [150, 270],
            "unit": "字/分",
            "baseline": "own",
        },
        ["测量：语速，应在 180 至 240 字/分，超出 150 至 270 字/分提醒，与本人平均水平相比"],
    ),
    (
        {
            "kind": "visibility",
            "of": "record.job",
            "fields": ["fee"],
            "to": [{"role": "lead"}],
            "refuse": "不可以。",
            "shall": True,
            "fresh_within": "1h",
            "keep": "24 months",
            "show": [{"field": "fee", "as": "yes_no"}],
        },
        [
            "关于：示例维修单",
            "项目：维修费",
            "谁可以：示例主管",
            "可以做什么：看",
            "必须看得到：以上人员随时能查到，变更后 1 小时 内",
            "只显示：维修费：有或没有",
            "保存：24 个月",
            "其他人：不可以。",
        ],
    ),
    (
        {
            "kind": "route",
            "on": "conversation.queued",
            "yields": "agent",
            "strategy": "skills",
            "then": ["longest_idle"],
            "options": {"overflow": ["lead"], "no_answer": {"after": 2, "tell": True}},
        },
        [
            "何时：会话进入队列时",
            "派给谁：技能最符合的，再空闲最久的",
            "可以顶替的技能：示例主管",
            "没有接起时：连续 2 次没有接起，转为“离开”，并通知主管",
        ],
    ),
]


@pytest.mark.parametrize(
    ("given", "told"), EXAMPLES, ids=lambda part: part.get("kind") if isinstance(part, dict) else ""
)
def test_clauses_in_words(given: dict[str, Any], told: list[str]) -> None:
    clause = TypeAdapter(Clause).validate_python(HEAD | given)
    assert [f"{line.label}：{line.words}" for line in lines_of(Book(SMALL), clause)] == told
