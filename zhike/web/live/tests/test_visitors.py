"""What a visitor of the web chat hears: his own conversation, without anything of the house; and who is typing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from zhike.channels.webchat.visitors import digest_of
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.conversations.models import Address, Conversation, Inbox
from zhike.conversations.passing import tell_passing
from zhike.conversations.tests.ground import FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.org.principals import Viewer
from zhike.web.asgi import Application
from zhike.web.listening import with_connection
from zhike.web.live.hub import Hub
from zhike.web.live.tests.streams import Stream, live

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "v" * 43
OTHER = "w" * 43
STORM = 2000


class Visiting(Stream):
    """A stream as a widget opens it."""

    def __init__(
        self, product: Application, secret: str, origin: str = "", method: str = "GET", after: int | None = None
    ) -> None:
        self.passing: list[dict[str, Any]] = []
        super().__init__(product, "", after)
        headers = [(b"host", b"desk.example"), (b"authorization", f"Visitor {secret}".encode())]
        headers += [(b"origin", origin.encode())] if origin else []
        headers += [(b"last-event-id", str(after).encode())] if after is not None else []
        self.scope |= {
            "path": "/chat/live", "query_string": b"inbox=shop", "method": method, "headers": headers,
        }  # fmt: skip

    def take(self, fields: dict[str, str]) -> None:
        if fields.get("event") == "passing":
            self.passing.append(json.loads(fields["data"]))
        else:
            super().take(fields)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if "type" in message]


@pytest.fixture
def talk() -> tuple[Conversation, Viewer]:
    installed(FIRST_ANSWER)
    inbox = inbox_of()
    Inbox.objects.update(settings={"origins": ["https://shop.example"]})
    return asked(inbox, who=digest_of(inbox, SECRET)), person("jia")


def test_a_visitor_hears_that_he_was_answered_and_nothing_of_notes_or_clauses(
    talk: tuple[Conversation, Viewer],
) -> None:
    conversation, agent = talk

    def answer() -> None:
        accept(conversation, agent, now=at("03-03 09:00:05"))
        say(conversation, agent, words="像是老客户", key="n", internal=True, now=at("03-03 09:00:10"))
        say(conversation, agent, words="九点开门", key="m", now=at("03-03 09:00:20"))

    async def story(product: Application) -> None:
        his = Visiting(product, SECRET)
        await his.ready()
        await asyncio.to_thread(with_connection, answer)
        await his.until(lambda _: len(his.told) >= 2)
        assert his.told == [
            {"type": "conversation.accepted", "number": conversation.number},
            {"type": "conversation.written", "number": conversation.number, "seq": 3},
        ]

    live(story)


def test_another_visitor_has_no_stream_before_he_has_written(talk: tuple[Conversation, Viewer]) -> None:
    async def story(product: Application) -> None:
        stranger = Visiting(product, OTHER)
        await stranger.ends()
        assert stranger.status == 401

    live(story)


@pytest.mark.parametrize(
    ("origin", "status"), [("", 200), ("http://desk.example", 200), ("https://shop.example", 200), ("https://evil.example", 403)]
)  # fmt: skip
def test_only_the_sites_of_the_inbox_may_listen(talk: tuple[Conversation, Viewer], origin: str, status: int) -> None:
    async def story(product: Application) -> None:
        stream = Visiting(product, SECRET, origin)
        await stream.until(lambda one: one.status != 0)
        assert stream.status == status

    live(story)


def test_a_session_cookie_that_names_a_visitor_opens_no_stream_of_the_house(talk: tuple[Conversation, Viewer]) -> None:
    async def story(product: Application) -> None:
        stream = Stream(product, "visitor:" + digest_of(talk[0].inbox, SECRET))
        await stream.ends()
        assert stream.status == 401

    live(story)


def test_the_visitor_sees_that_somebody_is_typing_but_not_who(talk: tuple[Conversation, Viewer]) -> None:
    conversation, agent = talk

    def typing() -> None:
        tell_passing(conversation, "typing", agent.principal, name="示例甲")

    async def story(product: Application) -> None:
        his = Visiting(product, SECRET)
        await his.ready()
        while not his.passing:  # whoever types says so again and again; the ear of this process may open only now
            await asyncio.to_thread(with_connection, typing)
        assert his.passing[0] == {"number": conversation.number, "kind": "typing", "side": "staff", "seq": 0}

    live(story)


def test_two_thousand_that_come_back_at_once_cost_a_few_questions_and_miss_nothing(
    talk: tuple[Conversation, Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All lose the connection at the same moment, are written to meanwhile, and are back within the same second."""
    inbox = talk[0].inbox
    secrets = [f"{number:043d}" for number in range(STORM)]
    hers = {secret: asked(inbox, who=digest_of(inbox, secret), key=secret) for secret in secrets[::100]}
    Address.objects.bulk_create(
        Address(inbox_medium="webchat", value=digest_of(inbox, secret), first_seen_at=at("03-03 09:00"), last_seen_at=at("03-03 09:00"))
        for secret in secrets if secret not in hers
    )  # fmt: skip
    questions = 0
    asked_in_thread = Hub.in_thread

    async def counted(self: Hub, *work: Any) -> Any:
        nonlocal questions
        questions += 1
        return await asked_in_thread(self, *work)

    def answers() -> None:
        for conversation in hers.values():
            say(conversation, talk[1], words="在的", key="storm", now=at("03-03 09:01"))

    async def story(product: Application) -> None:
        nonlocal questions
        before = [Visiting(product, secret) for secret in secrets]
        await asyncio.gather(*(stream.ready() for stream in before))
        places = await asyncio.gather(*(stream.leave() for stream in before))
        await asyncio.to_thread(with_connection, answers)
        monkeypatch.setattr(Hub, "in_thread", counted)
        questions = 0
        back = [Visiting(product, secret, after=place) for secret, place in zip(secrets, places, strict=True)]
        await asyncio.gather(*(stream.ready() for stream in back))
        assert questions < 100
        heard = {secret: stream for secret, stream in zip(secrets, back, strict=True) if secret in hers}
        await asyncio.gather(*(stream.until(lambda one: bool(one.told)) for stream in heard.values()))  # type: ignore[attr-defined]
        assert {secret: [fact["number"] for fact in stream.told] for secret, stream in heard.items()} == {
            secret: [conversation.number] for secret, conversation in hers.items()
        }
        assert not any(stream.told for secret, stream in zip(secrets, back, strict=True) if secret not in hers)

    live(story)
