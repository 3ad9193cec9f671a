"""@name in a note: a colleague is told of it, if he may see the case; one who may not is refused with words.

A name ends where it ends: of "@王芳请看" the longest beginning that is somebody's name or user name counts. What nobody is called is
left as it was typed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection

from zhike.cases.models import Case, Note
from zhike.cases.refusals import Reason, Unreadable
from zhike.cases.sight import Person, who_sees
from zhike.handbook.common import Text
from zhike.notices.actions import Tell, tell
from zhike.org.models import Staff
from zhike.org.principals import Viewer, staff_key

LONGEST_NAME = 40
MOST = 20
"""People one note may name."""
AT = re.compile(r"(?<![\w.+-])[@\uff20](?=\S)")
"""An at sign that is not inside an address, half or full width."""


def named_in(case: Case, words: str, by: Viewer) -> list[int]:
    """The ids of those a note names. Raises Unreadable: one may not see the case, a name is borne by several, too many.

    To somebody of a partner, whoever may not see the case is nobody: he has no directory to try names on.
    """
    texts = [words[found.end() : found.end() + LONGEST_NAME].partition("\n")[0] for found in AT.finditer(words)]
    if not texts:
        return []
    if len(texts) > MOST:
        raise _wrong(f"一条备注最多提到 {MOST} 位同事。", f"A note names {MOST} colleagues at most.")
    known = _known({text[:length].lower() for text in texts for length in range(1, len(text) + 1)})
    named = [found for text in texts if (found := _longest(text.lower(), known))]
    everybody = {person.id for people in named for person in people}
    seeing = {person.id for person in who_sees(case.audience, among=everybody)} if everybody else set()
    if by.is_external:
        named = [people for people in named if seeing & {person.id for person in people}]
    return sorted({_one(people, seeing) for people in named})


def _known(beginnings: Collection[str]) -> dict[str, list[Person]]:
    """Active staff by name and by user name, in small letters."""
    found: dict[str, list[Person]] = defaultdict(list)
    rows = Staff.objects.filter(is_active=True).extra(
        where=["lower(org_staff.name) = ANY(%s) OR lower(org_staff.username) = ANY(%s)"],
        params=[list(beginnings), list(beginnings)],
    )
    for pk, name, username in rows.order_by("username").values_list("pk", "name", "username"):
        for said in {name.lower(), username.lower()}:
            found[said].append(Person(pk, name, username))
    return found


def _longest(text: str, known: dict[str, list[Person]]) -> list[Person]:
    return next((known[text[:length]] for length in range(len(text), 0, -1) if text[:length] in known), [])


def _one(people: list[Person], seeing: Collection[int]) -> int:
    those = [person for person in people if person.id in seeing]
    name = people[0].name
    if not those:
        raise _wrong(
            f"“{name}”看不到这张工单，不能提到他。请删去“@”，或者先把工单交给他。",
            f"“{name}” may not see this case and cannot be mentioned. Remove the @, or hand the case over first.",
        )
    if len(those) > 1:
        users = "、".join(f"@{person.username}" for person in those)
        raise _wrong(
            f"有几位“{name}”，请写登录名：{users}。", f"Several are called “{name}”. Use the user name: {users}."
        )
    return those[0].id


def _wrong(zh: str, en: str) -> Unreadable:
    return Unreadable([Reason(Text(zh=zh, en=en), fields=("words",))])


def tell_the_named(case: Case, note: Note, named: Collection[int], now: dt.datetime) -> None:
    """Each of them hears that he was mentioned, whoever else does; not whoever mentions himself."""
    to = [staff_key(number) for number in named if staff_key(number) != note.author]
    words = Text(zh=f"{case.number} 的备注提到了您。", en=f"A note on {case.number} mentions you.")
    tell(
        [
            Tell(
                at=now, to=[person], kind="mentioned", clause="", handbook=case.handbook, subject=("case", case.pk),
                words=words,
            )
            for person in to
        ]
    )  # fmt: skip
