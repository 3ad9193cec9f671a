"""What WeChat brings besides words is read in the language of whoever reads it, in the list and in the conversation."""

from __future__ import annotations

import pytest

from zhike.conversations.actions import Incoming, receive
from zhike.conversations.handing import accept
from zhike.conversations.tests.ground import DESK, FIRST_ANSWER, inbox_of, installed, person
from zhike.web.workbench.tests.test_pages import NOW, browser, nine_o_clock

__all__ = ["nine_o_clock"]
pytestmark = pytest.mark.django_db
VOICE = "[语音 3 秒，保存附件后播放]"


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", VOICE), ("en", "[Voice message, 3 s: save the file to play it]")]
)
def test_a_voice_message_is_told_in_the_readers_language(language: str, words: str) -> None:
    installed(FIRST_ANSWER, queues=[DESK | {"media": ["wechat"]}])
    anna = person("anna")
    assert anna.staff is not None
    anna.staff.language = language
    anna.staff.save(update_fields=["language"])
    talk = receive(inbox_of("wechat", "wx"), Incoming("o1", "k1", VOICE), now=NOW).conversation
    accept(talk, anna, now=NOW)
    client = browser(anna)
    for page in (client.get("/conversations"), client.get(f"/conversations/{talk.number}?plain=1")):
        assert (words in page.text, VOICE in page.text) == (True, language == "zh-hans")
