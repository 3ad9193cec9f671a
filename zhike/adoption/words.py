"""What people are told on a handbook's way into force, in both languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from zhike.adoption.models import Proposal
from zhike.handbook.common import Text
from zhike.handbook.compare import Change
from zhike.handbook.problems import Problem
from zhike.org.models import Staff

SAME_CONTENT = Text(
    zh="内容与现有的最后一个版本完全相同，没有要改的。",
    en="The content is the same as the last version; nothing to change.",
)
SAME_VALUE = Text(zh="与现在的值相同。", en="This is the value it has already.")
NO_HANDBOOK = Text(zh="没有装入这份制度。", en="This handbook is not installed.")
NO_PARAMETER = Text(zh="现行版本没有这个参数。", en="The version in force has no such parameter.")
NO_REASON = Text(zh="请写明原因。", en="Give the reason.")
LONG_REASON = Text(zh="原因最多 500 个字。", en="The reason has at most 500 characters.")
NOT_ONES_OWN = Text(
    zh="自己提出的不能由自己决定，请另一位管理员来做。",
    en="Nobody decides his own proposal; ask another administrator.",
)
ONLY_ONES_OWN = Text(zh="只有提出的人可以撤回。", en="Only whoever proposed it can withdraw it.")
HAS_BEGUN = Text(
    zh="已经生效，不能取消。要回到以前，请把以前的版本重新提出。",
    en="It is in force and cannot be cancelled. To go back, propose the earlier version again.",
)
IS_FOLLOWED = Text(
    zh="后面还有一个已批准的版本，请先取消那一个。", en="Another approved version follows it; cancel that one first."
)
BASE_CHANGED = Text(
    zh="提出之后又有别的版本获批，比较和影响都已过时。请撤回，重新提出。",
    en="Another version was approved since: comparison and impact are out of date. Withdraw it and propose it again.",
)
PAST = Text(zh="这个时刻已经过去，请选将来的时刻。", en="This moment has passed; choose one to come.")
DECIDED = Text(
    zh="它的状态已经变了，请刷新页面再看。", en="Its state has changed meanwhile; reload the page and look again."
)
MOST_SENTENCES = 5


def day_time(at: dt.datetime, zone: str = "Asia/Shanghai") -> str:
    """`2025-07-01 00:00`, with the year: a change may be announced long before."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def before_last(last: dt.datetime) -> Text:
    zh = en = day_time(last)
    return Text(
        zh=f"上一个版本 {zh} 才生效，新的要晚于它。",
        en=f"The version before takes effect {en}; this one must come later.",
    )


def breaks(problem: Problem) -> Text:
    """A value with which the book does not stand."""
    return Text(
        zh=f"改成这个值，制度就不成立了：{problem.clause} {problem.message.zh}{problem.remedy.zh}",
        en=f"The handbook does not stand with this value: {problem.clause} {problem.message.say('en')} {problem.remedy.say('en')}",
    )


def please_decide(proposal: Proposal, by: Staff) -> Text:
    title = Text.model_validate(proposal.title)
    return Text(
        zh=f"{by.name}提出修改《{title.zh}》（版本 {proposal.version}），请看过影响后决定。",
        en=f"{by.name} proposes a change of {title.say('en')} (version {proposal.version}); please look at its impact and decide.",
    )


def declined(proposal: Proposal, by: Staff) -> Text:
    title = Text.model_validate(proposal.title)
    return Text(
        zh=f"{by.name}退回了对《{title.zh}》（版本 {proposal.version}）的修改：{proposal.remark}",
        en=f"{by.name} declined the change of {title.say('en')} (version {proposal.version}): {proposal.remark}",
    )


def please_read(proposal: Proposal, begins: dt.datetime, changes: Sequence[Change]) -> Text:
    """The changed sentences in short; all of them stand on the page behind the notice."""
    title = Text.model_validate(proposal.title)
    shown = changes[:MOST_SENTENCES]
    zh = "".join(f"{one.id} {_sentence(one, 'zh')}" for one in shown)
    en = " ".join(f"{one.id} {_sentence(one, 'en')}" for one in shown)
    more = len(changes) - len(shown)
    return Text(
        zh=f"《{title.zh}》{day_time(begins)} 起有 {len(changes)} 处与您有关的改动，请阅读并确认。{zh}"
        + (f"另有 {more} 处。" if more else ""),
        en=f"{title.say('en')}: from {day_time(begins)} on {len(changes)} changes touch your work; please read and confirm. {en}"
        + (f" {more} more." if more else ""),
    )


def remind(proposal: Proposal, begins: dt.datetime) -> Text:
    title = Text.model_validate(proposal.title)
    return Text(
        zh=f"请阅读并确认《{title.zh}》的改动（{day_time(begins)} 起）。",
        en=f"Please read and confirm the changes of {title.say('en')} (from {day_time(begins)}).",
    )


def _sentence(change: Change, language: str) -> str:
    if change.after and change.sentence_changed:
        return f"“{change.after}”"
    if change.op == "removed":
        return "删去。" if language == "zh" else "removed."
    told = change.title.say(language)
    fields = ("；" if language == "zh" else "; ").join(
        f"{one.label.say(language)} {one.before.say(language) if one.before else '—'} → "
        f"{one.after.say(language) if one.after else '—'}"
        for one in change.fields[:2]
    )
    return f"{told}（{fields}）" if language == "zh" else f"{told} ({fields})"
