"""What the customer is told of his case: the step, plain words, what was said to him. Nothing internal passes through here."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.cases.events import DeedUndone
from zhike.cases.models import Case
from zhike.cases.queries import story
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.structure import Public
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.records.display import display

UNDER_WAY = Public(step=2, words=Text(zh="我们正在办理。", en="We are working on it."))
MERGED = Public(
    step=2,
    words=Text(
        zh="您反映的事已与另一件合并办理，结果会告诉您。",
        en="What you wrote is handled together with another matter. You will be told the outcome.",
    ),
)
DONE = Public(step=4, words=Text(zh="已经办结。", en="It is closed."))


@dataclass(frozen=True, slots=True)
class PublicView:
    """The step (1 to 4) and every word on the customer's page, joined by line breaks."""

    step: int
    words: str


def public_of(book: Book, case: Case) -> Public:
    """What the handbook says to the customer at this stage; where it says nothing, that it is under way or closed.

    Of a case that goes on under somebody else's he is told that, and nothing of the other.
    """
    if case.merged_into_id is not None:
        return MERGED
    stage = book.stage(case.process, case.stage)
    return stage.public or (DONE if stage.final else UNDER_WAY)


def public_view(case: Case, viewer: Viewer) -> PublicView:
    """The page as text: stage words, fillings and messages the customer sees. The viewer is its customer."""
    book, language = book_of(case.handbook_version_id), viewer.language
    public, told = public_of(book, case), story(case, viewer, for_customer=True)
    lines = [case.number, case.title, public.words.say(language)]
    undone = {fact.payload["filling"] for fact in told.facts if fact.type == DeedUndone.event_type}
    for filling in told.fillings:
        if filling.pk in undone:
            continue
        action = next((a for a in book.process(case.process).actions if a.id == filling.action), None)
        if action is None or not action.customer_sees:
            continue
        lines.append(action.title.say(language))
        fields = [f for f in book.record(filling.record).fields if f.customer_sees and f.id in filling.values]
        lines += [f"{f.title.say(language)} {display(book, f, filling.values[f.id], language)}" for f in fields]
    lines += [note.words for note in told.notes if not note.internal]
    return PublicView(public.step, "\n".join(lines))
