"""The local gateway keeps what would be sent."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.channels.models import OutgoingMessage
from zhike.channels.sms.sending import outbox, send_sms
from zhike.channels.sms.words import LONGEST

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")


def test_a_message_is_kept_and_not_sent() -> None:
    send_sms("+8613800001234", "第一条", NOW)
    send_sms("+8613800001234", "第二条", NOW)
    assert [message.words for message in outbox()] == ["第二条", "第一条"]
    assert {message.state for message in outbox()} == {OutgoingMessage.State.HELD}


@pytest.mark.parametrize("to", ["13800001234", "+86 138", "", "+", "+86138;ext=1", "+8613800001234\nBcc: x"])
def test_only_plain_numbers_in_e164_are_taken(to: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164"):
        send_sms(to, "您好", NOW)


def test_a_message_has_an_end() -> None:
    with pytest.raises(ValueError, match="at most"):
        send_sms("+8613800001234", "长" * (LONGEST + 1), NOW)
