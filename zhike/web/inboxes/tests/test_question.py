"""An administrator says whether customers of a mailbox are asked how it was; nobody else does."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from zhike.channels.asking import asks_by_link
from zhike.channels.email.tests.ground import mailbox_of
from zhike.channels.webchat.settings import settings_of
from zhike.conversations.models import Inbox
from zhike.conversations.tests.ground import inbox_of, installed
from zhike.journal.models import Fact
from zhike.org.models import Staff

pytestmark = pytest.mark.django_db
TYPED = {"asked": "1", "question_zh": "示例：满意吗？", "question_en": "Sample?", "address": "https://desk.example/"}


@pytest.fixture
def admin(client: Client) -> Client:
    installed()
    client.force_login(Staff.objects.create(username="root", name="示例管理员", is_admin=True))
    return client


def test_it_is_off_until_somebody_switches_it_on(admin: Client) -> None:
    box = mailbox_of()
    address = f"/administration/inboxes/{box.inbox_id}/question"
    assert address in admin.get(f"/mail/boxes/{box.pk}").text
    assert not asks_by_link(box.inbox)
    assert 'value="http://testserver"' in admin.get(address).text
    answer = admin.post(address, TYPED)
    assert (answer.status_code, answer["Location"]) == (302, f"/mail/boxes/{box.pk}")
    inbox = Inbox.objects.get()
    assert asks_by_link(inbox)
    assert (settings_of(inbox).survey_question.zh, settings_of(inbox).address) == (
        "示例：满意吗？",
        "https://desk.example",
    )
    assert Fact.objects.filter(type="inbox.changed").count() == 1
    admin.post(address, {**TYPED, "asked": ""})
    assert not asks_by_link(Inbox.objects.get())


def test_the_menu_marks_the_place_it_belongs_to(admin: Client) -> None:
    page = admin.get(f"/administration/inboxes/{mailbox_of().inbox_id}/question").text
    marked = re.findall(r'<a href="([^"]+)" aria-current="page">', page[page.index("ad-nav") :])
    assert marked == ["/mail/boxes"]


@pytest.mark.parametrize(
    ("change", "words"),
    [({"address": ""}, "不带路径"), ({"address": "desk"}, "不带路径"), ({"question_zh": " "}, "请填写问题。")],
)
def test_what_is_missing_is_said_and_nothing_is_kept(admin: Client, change: dict[str, str], words: str) -> None:
    box = mailbox_of()
    answer = admin.post(f"/administration/inboxes/{box.inbox_id}/question", TYPED | change)
    assert answer.status_code == 422
    assert words in answer.text
    assert not asks_by_link(Inbox.objects.get())


def test_a_web_chat_asks_in_its_own_window_and_others_may_not(admin: Client) -> None:
    chat, box = inbox_of(), mailbox_of()
    assert admin.get(f"/administration/inboxes/{chat.pk}/question").status_code == 404
    admin.force_login(Staff.objects.create(username="somebody", name="示例员工"))
    assert admin.post(f"/administration/inboxes/{box.inbox_id}/question", TYPED).status_code in (403, 404)
    assert not asks_by_link(Inbox.objects.get(pk=box.inbox_id))
