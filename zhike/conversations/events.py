"""What happens to a conversation and to those who answer it, past tense. Words of messages never stand in the journal."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("conversation.opened", tells=("number",), stays="medium")
@dataclass(frozen=True)
class ConversationOpened(Event):
    number: str
    medium: str


@event("conversation.written", tells=("number", "seq", "side", "internal"))
@dataclass(frozen=True)
class MessageWritten(Event):
    number: str
    message: int
    seq: int
    side: str
    internal: bool = False


@event("conversation.changed", tells=("number", "seq"), stays="how")
@dataclass(frozen=True)
class MessageChanged(Event):
    """Corrected, recalled, delivered, failed."""

    number: str
    seq: int
    how: str
    internal: bool = False


@event("conversation.queued", tells=("number",), stays="queue")
@dataclass(frozen=True)
class ConversationQueued(Event):
    number: str
    queue: str
    before: int | None = None
    """Who had it until now."""


@event("conversation.offered", tells=("number",))
@dataclass(frozen=True)
class ConversationOffered(Event):
    number: str
    staff: int


@event("conversation.offer_ended", tells=("number",))
@dataclass(frozen=True)
class OfferEnded(Event):
    """Nobody took it in time, or it was declined; it is back in its queue."""

    number: str
    staff: int
    declined: bool


@event("conversation.accepted", tells=("number",))
@dataclass(frozen=True)
class ConversationAccepted(Event):
    number: str
    staff: int
    before: int | None = None
    """Who had it until now."""


@event("conversation.waited", tells=("number", "step"))
@dataclass(frozen=True)
class ConversationWaited(Event):
    """It has waited as long as its clause says; `step`: announce, overflow, wait."""

    number: str
    step: str


@event("conversation.stranded", tells=("number",), stays="queue")
@dataclass(frozen=True)
class ConversationStranded(Event):
    """Nobody who is there could take it."""

    number: str
    queue: str


@event("conversation.joined", tells=("number",))
@dataclass(frozen=True)
class Joined(Event):
    number: str
    staff: int
    left: bool = False


@event("conversation.identified", tells=("number",), stays="how")
@dataclass(frozen=True)
class CustomerIdentified(Event):
    number: str
    customer: int | None
    how: str


@event("conversation.became_case", tells=("number",), stays="case")
@dataclass(frozen=True)
class BecameCase(Event):
    """A case was opened from it."""

    number: str
    case: str
    internal: bool = True


@event("conversation.whispered", tells=("number", "staff", "message"))
@dataclass(frozen=True)
class Whispered(Event):
    """A supervisor wrote something for the owner alone to notice; the words stand in the note."""

    number: str
    staff: int
    message: int
    internal: bool = True


@event("conversation.closed", tells=("number",), stays="outcome topic")
@dataclass(frozen=True)
class ConversationClosed(Event):
    number: str
    outcome: str
    topic: str


@event("conversation.covered", tells=("number",))
@dataclass(frozen=True)
class Covered(Event):
    """A colleague answers it for one who is away, and answers for it until it is handed back."""

    number: str
    staff: int
    absent: int


@event("conversation.filled", tells=("number", "record"))
@dataclass(frozen=True)
class FormFilled(Event):
    """A form of the handbook was filled in the conversation."""

    number: str
    record: str
    filling: int
    internal: bool = True


@event("conversation.question_settled", tells=("number",))
@dataclass(frozen=True)
class QuestionsSettled(Event):
    """Messages of the customer that want no answer: thanks, a greeting."""

    number: str
    questions: list[int]
    internal: bool = True


@event("conversation.refused", stays="number what fields")
@dataclass(frozen=True)
class DeedRefused(Event):
    """A clause refused what somebody wanted to do."""

    number: str
    what: str
    zh: str
    en: str
    fields: list[str]
    key: str = ""
    """Of the press of the button, where it had one: the same one sent again is no attempt of its own."""


@event("conversation.trail_refused", stays="number")
@dataclass(frozen=True)
class TrailRefused(Event):
    """Somebody who may not asked where the visitor had been on the site."""

    number: str
    internal: bool = True


@event("conversation.finding", stays="number finding person")
@dataclass(frozen=True)
class FindingInConversation(Event):
    number: str
    finding: str
    internal: bool = True
    person: str = ""
    """Whom it is about, as a principal, where it is what somebody tried."""


@event("conversation.calls_for_case", stays="number process finding person")
@dataclass(frozen=True)
class CaseCalledFor(Event):
    """What followed from a clause is a case of this process."""

    number: str
    process: str
    finding: str = ""
    """The kind of finding the same clause makes."""
    internal: bool = True
    person: str = ""
    """Whom it concerns, as a principal; "" for whoever has the conversation."""


@event("conversation.knowledge_searched", stays="number record")
@dataclass(frozen=True)
class KnowledgeSearched(Event):
    """Whoever has the conversation looked something up for it in this directory."""

    number: str
    record: str
    internal: bool = True


@event("conversation.knowledge_used", stays="number record label")
@dataclass(frozen=True)
class KnowledgeUsed(Event):
    """Words of an entry went into an answer."""

    number: str
    record: str
    row: int
    label: str
    internal: bool = True


@event("conversation.surveyed", tells=("number",))
@dataclass(frozen=True)
class SurveyAnswered(Event):
    number: str
    score: int


@event("conversation.reply_saved")
@dataclass(frozen=True)
class ReplySaved(Event):
    """A canned reply was written or changed."""

    title: str
    shared: bool


@event("conversation.reply_removed")
@dataclass(frozen=True)
class ReplyRemoved(Event):
    title: str
    shared: bool


@event("presence.changed", tells=("state", "staff"))
@dataclass(frozen=True)
class PresenceChanged(Event):
    state: str
    before: str
    reason: str = ""
    staff: int = 0


@event("staff.aptitude_kept")
@dataclass(frozen=True)
class AptitudeKept(Event):
    """What somebody can do changed, as the router asks for it under the handbook."""

    handbook: str
    gained: list[str]
    lost: list[str]
    area: str = ""
    area_before: str = ""
