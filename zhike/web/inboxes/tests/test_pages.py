"""An administrator makes a web chat, changes it, gives it a secret, switches it off; nobody else sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings

from zhike.channels.sealing import open_from
from zhike.channels.webchat.settings import settings_of
from zhike.channels.webchat.visitors import IDENTITY
from zhike.conversations.models import Inbox
from zhike.conversations.tests.ground import installed
from zhike.journal.models import Fact
from zhike.org.models import Staff

pytestmark = pytest.mark.django_db
TYPED: dict[str, Any] = {
    "name": "示例网站", "handbook": "talk", "origins": "https://shop.example\nhttps://m.shop.example", "title_zh": "示例客服",
    "ask_name": "required", "topics": "delivery 配送 | Delivery", "consent_version": "2025-01", "consent_zh": "示例告知", "trail": "on",
    "invitations": "20 /price* 需要帮忙吗？ | May we help?", "survey": "on", "files": "on",
}  # fmt: skip


@pytest.fixture
def admin(client: Client) -> Client:
    installed()
    client.force_login(Staff.objects.create(username="root", name="示例管理员", is_admin=True))
    return client


def test_what_was_typed_is_what_the_widget_says(admin: Client) -> None:
    assert admin.post("/administration/inboxes/new", TYPED).status_code == 302
    inbox = Inbox.objects.get()
    told = settings_of(inbox)
    assert told.origins == ("https://shop.example", "https://m.shop.example")
    assert [(each.id, each.required) for each in told.fields] == [("name", True)]
    assert [(name, title.say("en")) for name, title in told.topics] == [("delivery", "Delivery")]
    assert [(each.after, each.pages, each.words.zh) for each in told.invitations] == [(20, "/price*", "需要帮忙吗？")]
    page = admin.get(f"/administration/inboxes/{inbox.pk}").content.decode()
    assert f"data-inbox=&quot;{inbox.key}&quot;" in page
    assert "示例告知" in admin.get(f"/administration/inboxes/{inbox.pk}/edit").content.decode()
    assert Fact.objects.filter(type="inbox.changed").count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "请填写名称。"), ({"handbook": "nowhere"}, "请选择一套现行制度。"), ({"origins": "shop.example/a"}, "不带路径"),
        ({"topics": "配送"}, "先写英文代号"), ({"consent_version": ""}, "版本号"), ({"invitations": "bald"}, "停留秒数"),
        ({"consent_zh": ""}, "先在告知里写明"), ({"trail_days": "0"}, "整数"), ({"offline": "talk/x/y"}, "请重选"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_and_nothing_is_made(admin: Client, change: dict[str, str], words: str) -> None:
    answer = admin.post("/administration/inboxes/new", TYPED | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Inbox.objects.exists()


def test_a_secret_is_shown_once_and_kept_sealed_through_a_change(admin: Client) -> None:
    admin.post("/administration/inboxes/new", TYPED)
    inbox = Inbox.objects.get()
    page = admin.post(f"/administration/inboxes/{inbox.pk}/secret").content.decode()
    inbox.refresh_from_db()
    secret = open_from(inbox, IDENTITY)
    assert secret in page
    assert secret not in str(inbox.settings)
    admin.post(f"/administration/inboxes/{inbox.pk}/edit", TYPED | {"name": "另一个示例"})
    inbox.refresh_from_db()
    assert (inbox.name, open_from(inbox, IDENTITY)) == ("另一个示例", secret)
    assert secret not in admin.get(f"/administration/inboxes/{inbox.pk}").content.decode()


def test_switched_off_and_on_again(admin: Client) -> None:
    admin.post("/administration/inboxes/new", TYPED)
    inbox = Inbox.objects.get()
    for on in (False, True):
        admin.post(f"/administration/inboxes/{inbox.pk}/switch")
        inbox.refresh_from_db()
        assert inbox.is_active is on


def test_whoever_is_no_administrator_sees_none_of_it(client: Client) -> None:
    installed()
    client.force_login(Staff.objects.create(username="somebody", name="示例"))
    for path in ("", "/new", "/1", "/1/edit"):
        assert client.get(f"/administration/inboxes{path}").status_code == 403


def test_the_sample_shop_is_there_only_where_an_inbox_is_shown_in_it(client: Client, admin: Client) -> None:
    assert client.get("/demo").status_code == 404
    admin.post("/administration/inboxes/new", TYPED | {"demo": "on"})
    assert Inbox.objects.get().key in client.get("/demo/kettle").content.decode()
    assert client.get("/demo/nothing").status_code == 404


@override_settings(SANDBOX=True)
def test_a_sandbox_has_its_sample_shop_at_once(client: Client) -> None:
    installed()
    assert client.get("/demo").status_code == 200
    client.get("/demo")
    assert Inbox.objects.get().name == "示例商店"
