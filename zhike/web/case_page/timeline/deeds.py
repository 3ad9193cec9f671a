"""What people did on a case and what followed from a clause: deeds, moves, refusals, consents, consequences."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext

from zhike.journal.models import Fact
from zhike.web.base import times
from zhike.web.case_page.timeline.entry import Clause, Entry
from zhike.web.case_page.timeline.voice import Sentence, Voice
from zhike.web.handbook_page import terms, titles


def action_taken(voice: Voice, fact: Fact) -> Entry:
    payload = fact.payload
    filling = voice.fillings.get(payload.get("filling") or 0)
    named = [b["clause"] for b in payload.get("because", ())] + list(fact.clauses)
    return voice.base(
        fact, "deed", voice.action(fact), undone=fact.id in voice.undone, words=voice.stage_words(fact),
        clauses=[Clause(fact.handbook, c) for c in dict.fromkeys(named)],
        filled=voice.filled(filling) if filling else [], lacks=voice.lacks(filling) if filling else "",
        version=voice.version(filling) if filling else "",
    )  # fmt: skip


def moved(voice: Voice, fact: Fact) -> Entry:
    return voice.base(
        fact, "moved", voice.stage_words(fact), words=fact.payload.get("because_of", ""), clauses=voice.clauses(fact)
    )


def closed(voice: Voice, fact: Fact) -> Entry:
    return voice.base(fact, "moved", gettext("工单办结"), minor=True)


def reopened(voice: Voice, fact: Fact) -> Entry:
    stage = str(fact.payload.get("stage") or "")
    words = gettext("转到“%(stage)s”") % {"stage": voice.stage(fact, stage)} if stage else ""
    clauses = voice.clauses(fact) if stage else []
    return voice.base(fact, "moved", gettext("工单重新打开"), words=words, clauses=clauses)


def reassigned(voice: Voice, fact: Fact) -> Entry:
    what = gettext("改由%(who)s处理") % {"who": _roles(voice, fact)}
    return voice.base(fact, "moved", what, clauses=voice.clauses(fact))


def not_reassigned(voice: Voice, fact: Fact) -> Entry:
    why = {
        "nobody": gettext("那里没有人能接"), "cannot_act": gettext("那个岗位在这一环节没有事可办"), "over": gettext("工单已办结"),
    }.get(str(fact.payload["why"]), "")  # fmt: skip
    what = gettext("没有转给%(who)s，仍由原来的人处理") % {"who": _roles(voice, fact)}
    return voice.base(fact, "moved", what, words=why, clauses=voice.clauses(fact))


def froze(voice: Voice, fact: Fact) -> Entry:
    return _thing(voice, fact, gettext("冻结%(what)s"))


def unfroze(voice: Voice, fact: Fact) -> Entry:
    return _thing(voice, fact, gettext("解冻%(what)s"))


def refused(voice: Voice, fact: Fact) -> Entry:
    words = [
        w.get("en") if voice.language.startswith("en") and w.get("en") else w["zh"]
        for w in fact.payload.get("words", ())
    ]
    what = gettext("想办“%(action)s”，未被受理") % {"action": voice.action(fact)}
    return voice.base(fact, "refused", what, words=" ".join(words), minor=True, clauses=voice.clauses(fact))


def deed_asked(voice: Voice, fact: Fact) -> Entry:
    what = gettext("提交“%(action)s”，等待同意") % {"action": voice.action(fact)}
    return voice.base(fact, "moved", what, clauses=voice.clauses(fact))


def deed_decided(voice: Voice, fact: Fact) -> Entry:
    agreed = fact.payload["decision"] == "approved"
    line = gettext("同意“%(action)s”") if agreed else gettext("不同意“%(action)s”")
    words = str(fact.payload.get("words", ""))
    return voice.base(fact, "moved", line % {"action": voice.action(fact)}, words=words, clauses=voice.clauses(fact))


def deed_dropped(voice: Voice, fact: Fact) -> Entry | None:
    why = {
        "withdrawn": gettext("提交的人撤回了"), "superseded": gettext("工单在这之后有了变化"),
        "refused": gettext("条件不再满足"), "expired": gettext("限期内没有等到同意"),
    }.get(str(fact.payload["why"]))  # fmt: skip
    if why is None:
        return None
    return voice.base(fact, "moved", gettext("“%(action)s”没有办成") % {"action": voice.action(fact)}, words=why)


def finding_made(voice: Voice, fact: Fact) -> Entry | None:
    """What an attempt left; other findings stand with the limit or the sanction they come from."""
    person = str(fact.payload.get("person", ""))
    if not person:
        return None
    what = titles.finding(voice.home(fact.subject_id).book, str(fact.payload["finding"]))
    line = gettext("记一次“%(finding)s”：%(who)s") % {"finding": what, "who": voice.names.get(person, person)}
    return voice.base(fact, "moved", line, clauses=voice.clauses(fact))


def sanction_began(voice: Voice, fact: Fact) -> Entry:
    ends = fact.payload.get("ends_at")
    until = times.short_moment(dt.datetime.fromisoformat(ends), fact.at) if ends else ""
    words = gettext("到 %(moment)s") % {"moment": until} if until else ""
    return _consequence(voice, fact, gettext("“%(what)s”生效：%(who)s"), words)


def sanction_ended(voice: Voice, fact: Fact) -> Entry:
    why = {
        "time": gettext("期满"), "passed": gettext("条件已经满足"), "revoked": gettext("处理已撤销"),
        "closed": gettext("工单已办结"),
    }.get(str(fact.payload["why"]), "")  # fmt: skip
    return _consequence(voice, fact, gettext("“%(what)s”结束：%(who)s"), why)


def _thing(voice: Voice, fact: Fact, line: str) -> Entry:
    home = voice.home(fact.subject_id)
    what = terms.thing(home.book, str(fact.payload["thing"]), home.process)
    return voice.base(fact, "moved", line % {"what": what}, clauses=voice.clauses(fact))


def _roles(voice: Voice, fact: Fact) -> str:
    return titles.roles(voice.home(fact.subject_id).book, fact.payload["to"])


def _consequence(voice: Voice, fact: Fact, line: str, words: str) -> Entry:
    what = titles.consequence(voice.home(fact.subject_id).book, str(fact.payload["what"]))
    who = voice.names.get(str(fact.payload["person"]), str(fact.payload["person"]))
    return voice.base(fact, "moved", line % {"what": what, "who": who}, words=words, clauses=voice.clauses(fact))


DEEDS: dict[str, Sentence] = {
    "case.action_taken": action_taken,
    "case.moved": moved,
    "case.closed": closed,
    "case.reopened": reopened,
    "case.reassigned": reassigned,
    "case.not_reassigned": not_reassigned,
    "case.froze": froze,
    "case.unfroze": unfroze,
    "case.refused": refused,
    "case.deed_asked": deed_asked,
    "case.deed_decided": deed_decided,
    "case.deed_dropped": deed_dropped,
    "case.finding_made": finding_made,
    "sanction.began": sanction_began,
    "sanction.ended": sanction_ended,
}
"""Type of the fact -> its entry."""
