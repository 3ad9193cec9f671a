"""The desk of the room's tests with an inbox for the web chat, at ten on a Monday."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.channels.webchat.inboxes import demo_inbox
from zhike.conversations.models import Inbox
from zhike.conversations.tests.ground import at, inbox_of, installed, person
from zhike.handbook import library
from zhike.lib import clock
from zhike.org.handbooks import install
from zhike.org.models import Assignment, Staff
from zhike.org.principals import Viewer
from zhike.web.webchat.tests.ground import SETTINGS


class Watch:
    def __init__(self) -> None:
        self.now = at("03-03 10:00")

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """What the clock on the wall says; a test sets `now`."""
    found = Watch()
    monkeypatch.setattr(clock, "now", found)
    return found


@pytest.fixture
def shop(db: None, watch: Watch) -> Inbox:
    installed()
    inbox = inbox_of()
    Inbox.objects.update(settings=SETTINGS)
    return inbox


@pytest.fixture
def agent(shop: Inbox) -> Viewer:
    return person("jia")


@pytest.fixture
def desk(db: None, watch: Watch) -> Inbox:
    """The demo's inbox of the web chat desk; its one agent is off."""
    install(library.find("webchat-desk"), at("01-01 00:00"))
    staff = Staff.objects.create(username="jia", name="示例甲")
    Assignment.objects.create(staff=staff, handbook="webchat-desk", role="desk_agent")
    made = demo_inbox(watch.now, sandbox=True, address="https://desk.example")
    assert made is not None
    Inbox.objects.update(key="shop")
    return Inbox.objects.get()
