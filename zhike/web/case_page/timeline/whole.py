"""What was done with a case as a whole: tied, merged, split, undone, printed, kept, deleted."""

from __future__ import annotations

from django.utils.translation import gettext

from zhike.journal.models import Fact
from zhike.web.case_page.ties import word_of
from zhike.web.case_page.timeline.entry import Entry
from zhike.web.case_page.timeline.voice import Sentence, Voice


def linked(voice: Voice, fact: Fact) -> Entry | None:
    if fact.payload["kind"].startswith("split"):
        return None
    return voice.base(fact, "moved", gettext("关联工单"), words=_tied(fact), minor=True)


def unlinked(voice: Voice, fact: Fact) -> Entry:
    return voice.base(fact, "moved", gettext("解除关联"), words=_tied(fact), minor=True)


def merged(voice: Voice, fact: Fact) -> Entry:
    """Told on the page of the leading case too, from where that stands, with the clocks it cancelled."""
    if of := voice.home(fact.subject_id).number:
        entry = voice.base(fact, "whole", gettext("%(number)s 并入本单") % {"number": of})
        entry.of = ""
        return entry
    return voice.base(fact, "whole", gettext("并入 %(number)s") % {"number": fact.payload["number"]})


def absorbed(voice: Voice, fact: Fact) -> Entry | None:
    if fact.payload["dropped"] in voice.homes:
        return None
    what = gettext("%(number)s 并入本单") % {"number": fact.payload["number"]}
    return voice.base(fact, "whole", what)


def merge_undone(voice: Voice, fact: Fact) -> Entry | None:
    if voice.home(fact.subject_id).number:
        return None
    what = gettext("撤销与 %(number)s 的合并") % {"number": fact.payload["number"]}
    return voice.base(fact, "whole", what)


def split_in_two(voice: Voice, fact: Fact) -> Entry:
    what = gettext("拆分出 %(number)s") % {"number": fact.payload["number"]}
    return voice.base(fact, "whole", what, words=_taken_along(fact))


def split_off(voice: Voice, fact: Fact) -> Entry:
    what = gettext("拆分自 %(number)s") % {"number": fact.payload["number"]}
    return voice.base(fact, "whole", what, words=_taken_along(fact))


def deed_undone(voice: Voice, fact: Fact) -> Entry:
    return voice.base(fact, "whole", gettext("撤销“%(action)s”") % {"action": voice.action(fact)})


def printed(voice: Voice, fact: Fact) -> Entry:
    return voice.base(fact, "moved", gettext("打印工单"), minor=True)


def contents_deleted(voice: Voice, fact: Fact) -> Entry:
    return voice.base(fact, "whole", gettext("内容按保存期限删除"), clauses=voice.clauses(fact))


def held(voice: Voice, fact: Fact) -> Entry:
    return voice.base(fact, "moved", gettext("暂停删除"), words=fact.payload.get("why", ""))


def hold_ended(voice: Voice, fact: Fact) -> Entry:
    return voice.base(fact, "moved", gettext("恢复按期删除"))


def _tied(fact: Fact) -> str:
    return f"{word_of(fact.payload['kind'])} {fact.payload['number']}"


def _taken_along(fact: Fact) -> str:
    known = {"notes": fact.payload["notes"], "files": fact.payload["files"]}
    return gettext("备注 %(notes)s 条，文件 %(files)s 个") % known


WHOLE: dict[str, Sentence] = {
    "case.linked": linked,
    "case.unlinked": unlinked,
    "case.merged": merged,
    "case.absorbed": absorbed,
    "case.merge_undone": merge_undone,
    "case.split": split_in_two,
    "case.split_off": split_off,
    "case.deed_undone": deed_undone,
    "case.printed": printed,
    "contents.deleted": contents_deleted,
    "case.held": held,
    "case.hold_ended": hold_ended,
}
"""Type of the fact -> its entry, or None where another tells it."""
