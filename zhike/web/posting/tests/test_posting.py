"""The short way of a message answers as the page does, and leaves to the page whatever is out of the ordinary."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.http import JsonResponse
from django.test import Client

from zhike.channels.webchat.visitors import digest_of
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Inbox, Message
from zhike.conversations.tests.ground import DESK, asked, at, inbox_of, installed, person
from zhike.lib import clock
from zhike.org.models import Session
from zhike.org.principals import Viewer
from zhike.web.allowances import forget_shares
from zhike.web.posting import entry
from zhike.web.posting.entry import Posted, answers, recognised

pytestmark = pytest.mark.django_db
SECRET = "v" * 43
SITE = "https://shop.example"
CSRF = "c" * 32
OTHER = {"id": "other", "title": "示例另一组", "media": ["webchat"], "answered_by": ["lead"]}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Inbox:
    monkeypatch.setattr(clock, "now", lambda: at("03-03 10:00").astimezone(dt.UTC))
    forget_shares()
    installed(queues=[DESK, OTHER])
    inbox = inbox_of()
    Inbox.objects.update(settings={"origins": [SITE]})
    inbox.refresh_from_db()
    return inbox


@pytest.fixture
def talk(shop: Inbox) -> Conversation:
    """He has written, in Chinese."""
    found = asked(shop, who=digest_of(shop, SECRET), key="key-00000001")
    assert found.address is not None
    type(found.address).objects.update(language="zh")
    return found


def scope_of(path: str, headers: dict[str, str], sender: str = "10.1.2.3") -> dict[str, Any]:
    named = {"host": "testserver", **headers}
    return {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "http_version": "1.1", "scheme": "http",
        "client": (sender, 40000), "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }  # fmt: skip


def visited(
    words: str = "还在吗", key: str = "key-00000002", *, secret: str = SECRET, sender: str = "10.1.2.3", **more: Any
) -> Posted:
    body = json.dumps({"words": words, "key": key, "files": [], "form": {}, "token": ""} | more).encode()
    headers = {
        "authorization": f"Visitor {secret}", "content-type": "application/json", "content-length": str(len(body)), "origin": SITE,
        "accept-language": "zh-hans",
    }  # fmt: skip
    return Posted("visitor", "shop", scope_of("/chat/shop/messages", headers, sender), body)


def answered(posted: Posted) -> JsonResponse | None:
    (found,) = answers([posted])
    assert found is None or isinstance(found, JsonResponse)
    return found


def paged(posted: Posted) -> Any:
    """What the page of that address answers."""
    headers = {name.decode(): value.decode() for name, value in posted.scope["headers"] if name != b"host"}
    return Client(enforce_csrf_checks=True).post(
        posted.scope["path"], posted.body, content_type=headers.pop("content-type"), headers=headers
    )


def test_a_visitor_is_answered_word_for_word_and_header_for_header_as_by_the_page(talk: Conversation) -> None:
    short = answered(visited())
    page = paged(visited())
    assert short is not None
    assert (short.status_code, json.loads(short.content)) == (201, page.json())
    assert dict(short.items()) == dict(page.items())


def test_his_message_is_stored_once_whichever_way_it_comes_again(talk: Conversation) -> None:
    for _ in range(2):
        answered(visited())
        paged(visited())
    assert list(Message.objects.order_by("seq").values_list("key", flat=True)) == ["key-00000001", "key-00000002"]


@pytest.mark.parametrize(
    "posted",
    [
        visited(secret="w" * 43), visited(secret="short"), visited(words=" "), visited(key="x"), visited(files=["a"]),
        visited(token="a.b.c"), visited(form=[]),
    ],
    ids=["stranger", "no secret", "empty", "no key", "file", "token", "nonsense"],
)  # fmt: skip
def test_what_is_out_of_the_ordinary_is_the_pages(talk: Conversation, posted: Posted) -> None:
    assert answered(posted) is None
    assert Message.objects.count() == 1


def test_a_site_that_the_inbox_does_not_name_is_the_pages_to_refuse(talk: Conversation) -> None:
    Inbox.objects.update(settings={"origins": ["https://other.example"]})
    assert answered(visited()) is None
    assert paged(visited()).status_code == 403


def test_an_inbox_that_is_switched_off_stores_nothing(talk: Conversation) -> None:
    Inbox.objects.update(is_active=False)
    assert answered(visited()) is None
    assert Message.objects.count() == 1


def test_who_has_ended_begins_anew_with_the_page(talk: Conversation) -> None:
    Conversation.objects.update(state="closed")
    assert answered(visited()) is None
    assert Message.objects.count() == 1


def test_sixty_messages_a_minute_of_one_address_whichever_way_they_come(talk: Conversation) -> None:
    paged(visited(key="key-by-the-page", sender="127.0.0.1"))
    found = answers([visited(key=f"key-{n:08d}", sender="127.0.0.1") for n in range(70)])
    assert sum(one is not None for one in found) == 59
    assert paged(visited(key="key-one-more", sender="127.0.0.1")).status_code == 429
    assert answered(visited(key="key-somebody-else", sender="10.9.9.9")) is not None


# colleagues


@pytest.fixture
def anna(talk: Conversation) -> Viewer:
    found = person("anna")
    accept(talk, found, now=at("03-03 10:00"))
    return found


def signed_in(viewer: Viewer) -> str:
    client = Client()
    client.force_login(viewer.staff, backend="zhike.org.backend.StaffBackend")  # type: ignore[arg-type]
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def said(
    session: str, number: str, *, token: str = CSRF, key: str = "answer-1", words: str = "九点", **more: str
) -> Posted:
    body = urlencode({"words": words, "key": key, "internal": "0", "after": "0"} | more).encode()
    headers = {
        "cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={CSRF}", "x-csrftoken": token, "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded", "content-length": str(len(body)),
    }  # fmt: skip
    return Posted("staff", number, scope_of(f"/conversations/{number}/say", headers), body)


def test_a_colleagues_answer_is_stored_once_and_he_is_told_where_it_stands(talk: Conversation, anna: Viewer) -> None:
    session = signed_in(anna)
    first, second = answered(said(session, talk.number)), answered(said(session, talk.number))
    message = Message.objects.get(side="staff")
    assert first is not None
    assert second is not None
    assert json.loads(first.content) == {"message": message.pk, "seq": 2, "again": False}
    assert json.loads(second.content) == {"message": message.pk, "seq": 2, "again": True}
    assert (message.words, message.author, message.internal) == ("九点", anna.principal, False)


def test_a_note_is_kept_from_the_customer(talk: Conversation, anna: Viewer) -> None:
    answered(said(signed_in(anna), talk.number, internal="1"))
    assert Message.objects.get(side="staff").internal


def nobody_answers(posted: Posted) -> None:
    assert answered(posted) is None
    assert not Message.objects.filter(side="staff").exists()


def test_without_a_session_nothing_is_written(talk: Conversation, anna: Viewer) -> None:
    nobody_answers(said("0" * 32, talk.number))


def test_a_session_that_has_run_out_writes_nothing(talk: Conversation, anna: Viewer) -> None:
    session = signed_in(anna)
    Session.objects.update(expire_date=at("01-01 00:00"))
    nobody_answers(said(session, talk.number))


def test_a_changed_password_ends_the_short_way_too(talk: Conversation, anna: Viewer) -> None:
    session = signed_in(anna)
    assert anna.staff is not None
    anna.staff.set_password("示例口令示例口令")
    anna.staff.save(update_fields=["password"])
    nobody_answers(said(session, talk.number))


def test_who_was_disabled_writes_nothing(talk: Conversation, anna: Viewer) -> None:
    session = signed_in(anna)
    assert anna.staff is not None
    type(anna.staff).objects.update(is_active=False)
    nobody_answers(said(session, talk.number))


def test_a_form_of_another_site_writes_nothing(talk: Conversation, anna: Viewer) -> None:
    nobody_answers(said(signed_in(anna), talk.number, token="d" * 32))


def test_a_conversation_of_another_queue_is_not_there_for_him(talk: Conversation, anna: Viewer) -> None:
    Conversation.objects.update(audience=["talk:lead"])
    nobody_answers(said(signed_in(anna), talk.number))


def test_a_colleague_who_does_not_have_it_may_not_answer(talk: Conversation, anna: Viewer) -> None:
    nobody_answers(said(signed_in(person("bea")), talk.number))


def test_who_is_only_let_in_to_read_writes_no_note_either(talk: Conversation, anna: Viewer) -> None:
    bea = person("bea")
    Conversation.objects.update(queue="other", audience=[bea.principal])
    nobody_answers(said(signed_in(bea), talk.number, internal="1"))


def test_a_role_without_the_page_writes_nothing(talk: Conversation, anna: Viewer) -> None:
    session = signed_in(anna)
    assert anna.staff is not None
    anna.staff.assignments.all().delete()
    nobody_answers(said(session, talk.number))


def test_corrections_files_and_entries_of_the_knowledge_are_the_pages(talk: Conversation, anna: Viewer) -> None:
    session = signed_in(anna)
    nobody_answers(said(session, talk.number, corrects="1"))
    nobody_answers(said(session, talk.number, entry="7"))
    nobody_answers(said(session, talk.number, file="a"))


def test_only_these_two_addresses_come_here() -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert recognised(scope_of("/chat/shop/messages", {})) == ("visitor", "shop")
    assert recognised(scope_of("/conversations/C-1/say", form | {"accept": "application/json"})) == ("staff", "C-1")
    assert recognised(scope_of("/conversations/C-1/say", form | {"accept": "*/*"})) is None
    assert recognised(scope_of("/conversations/C-1/close", form | {"accept": "application/json"})) is None
    assert recognised(scope_of("/chat/shop/state", {}) | {"method": "GET"}) is None


def test_both_sides_are_answered_from_one_batch(talk: Conversation, anna: Viewer) -> None:
    found = answers([visited(), said(signed_in(anna), talk.number), visited(secret="w" * 43)])
    assert [one.status_code if one is not None else None for one in found] == [201, 200, None]
    assert entry.LONGEST == 64 * 1024
