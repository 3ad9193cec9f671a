"""指标 and 计费 in words: what is counted over what, and how an amount comes about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

from zhike.handbook.amounts import Bracket, Floor, Metered, Over
from zhike.handbook.amounts import Line as AmountLine
from zhike.handbook.book import Book
from zhike.handbook.clauses import Measure, Tariff
from zhike.handbook.tariffs import prices_slices
from zhike.handbook.terms import Component, Count, Figure, Ranking
from zhike.web.handbook_page import amounts, terms, titles
from zhike.web.handbook_page.describing.line import Line


def measure_lines(book: Book, clause: Measure, process: str | None) -> Iterator[Line]:
    yield Line(gettext("分子"), count_words(book, clause.numerator, process))
    yield Line(gettext("分母"), count_words(book, clause.denominator, process))
    yield Line(gettext("两边都不计"), terms.conditions(book, clause.drop, process))
    yield Line(gettext("算什么"), _figure(book, clause.value, process))
    yield Line(gettext("由哪些合成"), _composite(book, clause))
    yield Line(gettext("目标"), _target(book, clause, process))
    yield Line(gettext("满分和权重"), _marks(clause))
    yield Line(gettext("多久算一次"), titles.listed(amounts.period(each) for each in clause.periods))
    yield Line(gettext("分开算"), terms.facts(book, clause.per, process))
    if clause.rank:
        yield Line(gettext("排名"), _ranking(book, clause.rank))
    yield Line(gettext("没有数据时"), gettext("显示“%(words)s”") % {"words": clause.empty})
    yield from _capture(book, clause, process)
    if clause.opens:
        yield Line(gettext("没有达到时"), gettext("开一张“%(what)s”") % {"what": titles.anything(book, clause.opens)})
    if not clause.restated:
        yield Line(gettext("过后更正的"), gettext("不改已经结束的周期"))


def _capture(book: Book, clause: Measure, process: str | None) -> Iterator[Line]:
    if clause.capture is None:
        return
    action = terms.event(book, f"action.{clause.capture.action}", process)
    of = f"{clause.capture.of}." if clause.capture.of else ""
    field = terms.fact(book, f"{of}{clause.capture.field}", process)
    yield Line(gettext("必须登记"), gettext("%(when)s登记“%(field)s”") % {"when": action, "field": field})
    yield Line(gettext("未登记时"), titles.say(clause.capture.refuse))


def count_words(book: Book, count: Count | None, process: str | None) -> str:
    """`工单，其中状态为已结`"""
    if count is None:
        return ""
    process = count.process or process
    parts = [_counted(book, count.count)]
    if count.process:
        parts.append(gettext("属于“%(process)s”") % {"process": titles.anything(book, count.process)})
    if count.where:
        parts.append(gettext("其中%(where)s") % {"where": terms.conditions(book, count.where, process, count.count)})
    if count.distinct:
        parts.append(
            gettext("%(fact)s相同的只算一个") % {"fact": terms.row_fact(book, count.count, count.distinct, process)}
        )
    if count.sum:
        parts.append(gettext("合计%(fact)s") % {"fact": terms.row_fact(book, count.count, count.sum, process)})
    if count.mature_after:
        length = amounts.duration(book, count.mature_after)
        if count.mature_since:
            since = terms.row_fact(book, count.count, count.mature_since, process)
            parts.append(gettext("从%(fact)s起满 %(length)s 才算") % {"fact": since, "length": length})
        else:
            parts.append(gettext("满 %(length)s 才算") % {"length": length})
    return gettext("，").join(parts)


def _counted(book: Book, what: str) -> str:
    return {
        "cases": gettext("工单"),
        "clocks": gettext("时限"),
        "duties": gettext("例行"),
        "calls": gettext("通话"),
        "conversations": gettext("会话"),
        "answers": gettext("答复"),
        "sms": gettext("短信"),
        "findings": gettext("认定的事"),
        "orders": gettext("订单"),
        "staff": gettext("员工"),
        "customers": gettext("客户"),
    }.get(what) or titles.anything(book, what)


def _figure(book: Book, figure: Figure | None, process: str | None) -> str:
    if figure is None:
        return ""
    how, fact = figure.how
    words = {
        "median": gettext("%(fact)s的中位数"),
        "p90": gettext("%(fact)s的九成位数"),
        "mean": gettext("%(fact)s的平均数"),
        "sum": gettext("%(fact)s的合计"),
        "most": gettext("%(fact)s的最大值"),
        "count": gettext("个数"),
    }[how] % {"fact": terms.row_fact(book, figure.of, fact, process)}
    parts = [gettext("%(what)s：%(words)s") % {"what": _counted(book, figure.of), "words": words}]
    if figure.process:
        parts.append(gettext("属于“%(process)s”") % {"process": titles.anything(book, figure.process)})
    if figure.where:
        where = terms.conditions(book, figure.where, figure.process or process, figure.of)
        parts.append(gettext("其中%(where)s") % {"where": where})
    return gettext("，").join(parts)


def _composite(book: Book, clause: Measure) -> str:
    if clause.composite is None:
        return ""
    parts = [part_words(book, part) for part in clause.composite.of]
    parts.append(
        {
            "spread": gettext("缺的一项，份额分给其余"),
            "zero": gettext("缺的一项算零"),
            "block": gettext("缺一项就不出分"),
        }[clause.composite.empty]
    )
    parts.append(gettext("保留 %(count)d 位小数") % {"count": clause.composite.round})
    return gettext("；").join(parts)


def part_words(book: Book, part: Component) -> str:
    """What a part of a score is, with its full marks or its weight."""
    name = titles.measure(book, part.measure)
    if part.full is not None:
        return gettext("%(name)s 满分 %(full)g") % {"name": name, "full": part.full}
    return gettext("%(name)s 占 %(weight)g") % {"name": name, "weight": part.weight}


def _target(book: Book, clause: Measure, process: str | None) -> str:
    parts = [clause.target or ""]
    if clause.target_fact:
        parts.append(terms.fact(book, clause.target_fact, process))
    if clause.better == "low":
        parts.append(gettext("越低越好"))
    return gettext("，").join(filter(None, parts))


def _marks(clause: Measure) -> str:
    full = gettext("满分 %(full)g") % {"full": clause.full} if clause.full is not None else ""
    weight = gettext("权重 %(weight)g") % {"weight": clause.weight} if clause.weight is not None else ""
    return gettext("，").join(filter(None, (full, weight)))


def _ranking(book: Book, rank: Ranking) -> str:
    among = [gettext("全体人员") if each == "staff" else titles.role(book, each) for each in rank.among]
    parts = [gettext("在%(who)s之间") % {"who": titles.listed(among)}]
    if rank.ties:
        ties = (gettext("由人决定") if each == "decided" else titles.measure(book, each) for each in rank.ties)
        parts.append(gettext("相同的看%(ties)s") % {"ties": gettext("，再看").join(ties)})
    if rank.smallest_group > 1:
        parts.append(gettext("不到 %(count)d 人的只作通报") % {"count": rank.smallest_group})
    if rank.share_place:
        parts.append(gettext("相同的并列"))
    if rank.decided_by:
        parts.append(gettext("由%(who)s定先后") % {"who": titles.roles(book, rank.decided_by)})
    if rank.seen_by:
        parts.append(gettext("%(who)s看得到全部") % {"who": titles.roles(book, rank.seen_by)})
    parts.append(gettext("本人只看自己的名次") if rank.members_see == "own" else gettext("本人看得到全组的名次"))
    return gettext("，").join(parts)


def tariff_lines(book: Book, clause: Tariff, process: str | None) -> Iterator[Line]:
    yield Line(gettext("算出"), terms.fact(book, clause.yields, process))
    yield Line(gettext("何时"), terms.event(book, clause.on, process) if clause.on else "")
    if clause.unpriced:
        yield Line(gettext("金额"), gettext("原文没有写，不计算，也不得报价"))
    yield Line(gettext("基价"), _base(book, clause, process))
    yield Line(gettext("每多一个"), _by_row(book, clause, clause.each_further, process))
    yield Line(gettext("合计"), gettext("；").join(_amount(book, each, process) for each in clause.sum))
    yield Line(gettext("分段"), _brackets(book, clause, process))
    yield Line(gettext("上下限"), _bounds(book, clause))
    rounding = {"fen": gettext("到分"), "jiao": gettext("到角"), "yuan": gettext("到元"), "none": ""}
    yield Line(gettext("取整"), rounding[clause.round])
    yield Line(gettext("谁付"), terms.fact(book, clause.pays, process) if clause.pays else "")
    if clause.is_cap:
        yield Line(gettext("性质"), gettext("最多花这么多"))
    yield Line(gettext("何时可报价"), _quotable(book, clause))
    if clause.over:
        yield Line(gettext("超出时"), _over(book, clause.over, process))


def _quotable(book: Book, clause: Tariff) -> str:
    if not clause.quotable_after:
        return ""
    return gettext("填完“%(what)s”以后") % {"what": titles.anything(book, clause.quotable_after)}


def money(amount: float) -> str:
    return f"¥{amount:,.2f}"


def _base(book: Book, clause: Tariff, process: str | None) -> str:
    words = _by_row(book, clause, clause.base, process)
    if words and clause.other is not None:
        words += gettext("；其他 %(amount)s") % {"amount": money(clause.other)}
    if clause.metered:
        words += gettext("，") + _metered(book, clause.metered, process)
    if clause.covers is not None:
        of = terms.fact(book, clause.of, process) if clause.of else ""
        words += gettext("，含 %(count)d %(of)s") % {"count": clause.covers, "of": of}
    if clause.per:
        words += gettext("，每%(fact)s") % {"fact": terms.fact(book, clause.per, process)}
    return words.strip(gettext("，"))


def _by_row(book: Book, clause: Tariff, amount: Any, process: str | None) -> str:
    """One amount, a fact, or a table by the fact `by`."""
    if amount is None:
        return ""
    if isinstance(amount, str):
        return terms.fact(book, amount, process)
    if isinstance(amount, dict):
        rows = (f"{terms.value(book, clause.by or '', key, process)} {money(value)}" for key, value in amount.items())
        by = gettext("按%(fact)s：%(rows)s")
        return by % {"fact": terms.fact(book, clause.by or "", process), "rows": gettext("；").join(rows)}
    return money(float(amount))


def _metered(book: Book, metered: Metered, process: str | None) -> str:
    how = {
        "up": gettext("不足一个算一个"),
        "down": gettext("不足一个不算"),
        "nearest": gettext("四舍五入"),
        "none": gettext("按实际"),
    }[metered.round]
    words = gettext("按%(fact)s每 %(unit)g 计，%(how)s")
    return words % {"fact": terms.fact(book, metered.fact, process), "unit": metered.unit, "how": how}


def _amount(book: Book, line: AmountLine, process: str | None) -> str:
    """One line of a sum: `运费`, `维修费 30%`, `每位来宾 ¥50.00`."""
    title = titles.say(line.title) or terms.fact(book, line.name, process)
    words = [title]
    if line.fact and line.fact != line.name:
        words.append(terms.fact(book, line.fact, process))
    if line.amount is not None:
        words.append(amounts.amount(book, line.amount))
    if line.percent is not None:
        of = terms.fact(book, line.of, process) if line.of else ""
        words.append(gettext("%(fact)s的 %(share)g%%") % {"fact": of, "share": line.percent})
    if line.each is not None:
        times = terms.fact(book, line.times, process) if line.times else ""
        words.append(gettext("%(amount)s 乘%(fact)s") % {"amount": amounts.amount(book, line.each), "fact": times})
    if line.minus:
        words.append(gettext("减去%(fact)s") % {"fact": terms.fact(book, line.minus, process)})
    when = terms.conditions(book, line.when, process)
    told = " ".join(words)
    return gettext("%(when)s时%(words)s") % {"when": when, "words": told} if when else told


def _brackets(book: Book, clause: Tariff, process: str | None) -> str:
    if not clause.brackets:
        return ""
    of = clause.bracket_of or clause.of
    rows = gettext("；").join(map(_bracket, clause.brackets))
    how = gettext("各段分别计价") if prices_slices(clause) else gettext("整个按所在的一段计价")
    words = gettext("按%(fact)s：%(rows)s") % {"fact": terms.fact(book, of, process) if of else "", "rows": rows}
    return gettext("，").join((words, how))


def _bracket(bracket: Bracket) -> str:
    price = (
        money(bracket.amount) if bracket.amount is not None else gettext("单价 %(rate)g") % {"rate": bracket.rate or 0}
    )
    return gettext("从 %(from)g 起 %(price)s") % {"from": bracket.from_, "price": price}


def _bounds(book: Book, clause: Tariff) -> str:
    parts = []
    if clause.range:
        parts.append(
            gettext("%(least)s 至 %(most)s") % {"least": money(clause.range[0]), "most": money(clause.range[1])}
        )
    if clause.least is not None:
        parts.append(gettext("最少 %(amount)s") % {"amount": money(clause.least)})
    if clause.most is not None:
        parts.append(gettext("最多 %(amount)s") % {"amount": money(clause.most)})
    if clause.floor:
        parts.append(_floor(book, clause.floor))
    return gettext("，").join(parts)


def _floor(book: Book, floor: Floor) -> str:
    told = {
        "period": amounts.period(floor.over),
        "amount": money(floor.amount),
        "line": terms.fact(book, floor.shows, None),
    }
    return gettext("每%(period)s至少 %(amount)s，差额列为“%(line)s”") % told


def _over(book: Book, over: Over, process: str | None) -> str:
    parts = []
    if over.spent:
        parts.append(gettext("看%(fact)s") % {"fact": terms.fact(book, over.spent, process)})
    if over.above is not None:
        parts.append(gettext("超过 %(amount)s 的") % {"amount": money(over.above)})
    if over.warn_at is not None:
        parts.append(gettext("用到 %(share)g%% 时提醒") % {"share": over.warn_at})
    if over.approval:
        parts.append(gettext("须经%(who)s同意") % {"who": titles.roles(book, over.approval)})
    parts.append(titles.say(over.refuse))
    return gettext("，").join(filter(None, parts))
