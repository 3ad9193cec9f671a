"""Why something was not done in a conversation, in the reader's language, with the clause where one forbids it."""

from __future__ import annotations

from zhike.handbook.common import Text


class ConversationRefused(Exception):
    """It cannot be done as things stand."""

    def __init__(self, words: Text, clause: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__(words.zh)
        self.words = words
        self.clause = clause
        self.fields = fields


class NotFound(LookupError):
    """No such conversation for this viewer."""


CLOSED = Text(zh="这个会话已经结束。", en="This conversation has ended.")
EMPTY = Text(zh="请写点内容，或附上文件。", en="Write something, or attach a file.")
NOT_YOURS = Text(zh="这个会话不在您手上。", en="This conversation is not yours.")
TAKEN = Text(zh="这个会话已由同事接走。", en="A colleague has taken this conversation.")
TOO_LATE = Text(zh="已过可修改的时间。", en="It can no longer be changed.")
