"""奖惩 in words: what follows at which count, who decides, and how the person concerned may object."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Sanction
from zhike.handbook.terms import Appeal, Confirm, Party, Tally, Tier
from zhike.web.handbook_page import amounts, following, terms, titles
from zhike.web.handbook_page.describing.line import Line


def sanction_lines(book: Book, clause: Sanction, process: str | None) -> Iterator[Line]:
    yield Line(gettext("起因"), terms.event(book, clause.on, process))
    yield Line(gettext("对谁"), terms.fact(book, clause.person, process) if clause.person else "")
    yield Line(gettext("形式"), _form(clause.form))
    if clause.count:
        yield Line(gettext("怎样计次"), _tally(book, clause.count, process))
    yield Line(gettext("处理"), gettext("；").join(_tier(book, tier, process) for tier in clause.tiers))
    yield Line(gettext("另外提请"), titles.listed(titles.consequence(book, each) for each in clause.propose))
    yield Line(gettext("还有谁"), gettext("；").join(_party(book, party, process) for party in clause.parties))
    yield Line(gettext("先行处理"), following.effects(book, clause.interim, process))
    yield Line(gettext("不得依据"), titles.listed(titles.anything(book, each) for each in clause.not_from))
    yield Line(gettext("由谁确认"), _confirm(book, clause.confirm))
    yield Line(gettext("生效"), gettext("只是草案，由另一人确认后生效，当事人可以申诉"))
    yield Line(gettext("申诉"), _appeal(book, clause.appeal or Appeal()))
    yield Line(gettext("未决定时不得"), terms.events(book, clause.blocks, process))
    yield Line(gettext("不满足时"), titles.say(clause.refuse))


def _form(form: str) -> str:
    return {
        "penalty": gettext("处罚"),
        "reward": gettext("奖励"),
        "circular": gettext("通报"),
        "criticism": gettext("批评"),
        "measure": gettext("措施"),
    }.get(form, form)


def _tally(book: Book, tally: Tally, process: str | None) -> str:
    within = {
        "calendar_month": gettext("一个自然月"),
        "calendar_quarter": gettext("一个自然季度"),
        "calendar_year": gettext("一个自然年"),
        "rolling_year": gettext("连续一年"),
        "rolling_days": gettext("连续 %(days)s 天") % {"days": tally.days},
        "lifetime": gettext("始终"),
    }[tally.within]
    per = titles.listed(gettext("人") if each == "person" else terms.fact(book, each, process) for each in tally.per)
    parts = [gettext("按%(per)s，%(within)s之内") % {"per": per, "within": within}]
    if tally.of:
        parts.append(
            gettext("%(kinds)s一起算") % {"kinds": titles.listed(titles.finding(book, each) for each in tally.of)}
        )
    if tally.dated_by:
        parts.append(gettext("以%(fact)s为准") % {"fact": terms.fact(book, tally.dated_by, process)})
    if tally.excludes:
        parts.append(gettext("%(when)s的不算") % {"when": terms.conditions(book, tally.excludes, process)})
    if tally.fact != "count":
        parts.append(gettext("次数取%(fact)s") % {"fact": terms.fact(book, tally.fact, process)})
    return gettext("，").join(parts)


def _tier(book: Book, tier: Tier, process: str | None) -> str:
    told = [*_amounts(book, tier, process), titles.say(tier.words)]
    chosen = [titles.consequence(book, each) for each in tier.propose]
    if chosen:
        told.append(
            gettext("%(what)s择一") % {"what": gettext("或").join(chosen)} if tier.choose_one else titles.listed(chosen)
        )
    told += _lasting(book, tier, process)
    told.append(following.effects(book, tier.effects, process))
    if tier.replaces and tier.from_ > 1:
        told.append(gettext("代替前面各次的"))
    words = gettext("，").join(filter(None, told)) or gettext("提醒")
    return gettext("第 %(count)g 次起：%(what)s") % {"count": tier.from_, "what": words}


def _lasting(book: Book, tier: Tier, process: str | None) -> Iterator[str]:
    """How long, from when if not from the confirmation, and until what."""
    if tier.lasts:
        yield gettext("为期 %(length)s") % {"length": amounts.duration(book, tier.lasts)}
    if tier.starts:
        yield gettext("从%(event)s起算") % {"event": terms.events(book, tier.starts, process)}
    if tier.until:
        yield gettext("直到%(when)s") % {"when": terms.conditions(book, tier.until, process)}


def _amounts(book: Book, tier: Tier, process: str | None) -> Iterator[str]:
    if tier.fine is not None:
        yield gettext("扣 %(amount)s") % {"amount": f"¥{tier.fine:,.2f}"}
    if tier.reward is not None:
        yield gettext("奖 %(amount)s") % {"amount": f"¥{tier.reward:,.2f}"}
    if tier.points is not None:
        yield gettext("%(points)g 分") % {"points": tier.points}
    if tier.percent is not None:
        of = terms.fact(book, tier.amount_of, process) if tier.amount_of else ""
        yield gettext("%(fact)s的 %(share)g%%") % {"fact": of, "share": tier.percent}
    elif tier.amount_of:
        yield terms.fact(book, tier.amount_of, process)
    if tier.most_of:
        yield gettext("不超过%(fact)s") % {"fact": terms.fact(book, tier.most_of, process)}
    if tier.decided:
        yield gettext("金额由确认的人决定，写明理由")


def _party(book: Book, party: Party, process: str | None) -> str:
    if party.role:
        who = titles.role(book, party.role)
    else:
        who = terms.fact(book, party.fact, process) if party.fact else ""
    if party.same_as:
        return gettext("%(who)s，与%(other)s相同") % {"who": who, "other": terms.fact(book, party.same_as, process)}
    tiers = gettext("，").join(_tier(book, tier, process) for tier in party.tiers)
    return gettext("%(who)s：%(what)s") % {"who": who, "what": tiers}


def _confirm(book: Book, confirm: Confirm) -> str:
    parts = [titles.role(book, confirm.role)]
    if confirm.not_party:
        parts.append(gettext("不能是当事人"))
    if confirm.instead:
        parts.append(gettext("是当事人时由%(who)s") % {"who": titles.role(book, confirm.instead)})
    for what, who in confirm.by_consequence.items():
        parts.append(
            gettext("%(what)s由%(who)s") % {"what": titles.consequence(book, what), "who": titles.role(book, who)}
        )
    if confirm.also:
        parts.append(gettext("还要%(who)s同意") % {"who": titles.roles(book, confirm.also)})
    if confirm.viewed_by_person:
        parts.append(gettext("当事人须先看过"))
    return gettext("，").join(parts)


def _appeal(book: Book, appeal: Appeal) -> str:
    parts = [gettext("%(length)s 之内") % {"length": amounts.duration(book, appeal.within)}]
    if appeal.to:
        parts.append(gettext("向%(who)s") % {"who": titles.role(book, appeal.to)})
    parts.append(gettext("到期没有答复，处理不变") if appeal.silence == "stands" else gettext("到期没有答复，处理作废"))
    return gettext("，").join(parts)
