"""Why something was not done in a conversation, in the reader's language, with the clause where one forbids it."""

from __future__ import annotations

from collections.abc import Sequence

from zhike.handbook.common import Text
from zhike.handbook.decision import Refusal


class ConversationRefused(Exception):
    """It cannot be done as things stand. `reasons`: what each clause says that forbids it, all at once."""

    def __init__(
        self, words: Text, clause: str = "", fields: tuple[str, ...] = (), reasons: Sequence[Refusal] = ()
    ) -> None:
        super().__init__(words.zh)
        self.words = words
        self.clause = clause
        self.fields = fields
        self.reasons = tuple(reasons)

    @property
    def clauses(self) -> list[str]:
        """Every clause that forbids it."""
        return [reason.decision.clause_id for reason in self.reasons] or ([self.clause] if self.clause else [])

    @classmethod
    def by_clauses(cls, reasons: Sequence[Refusal]) -> ConversationRefused:
        """A refusal by one or several clauses; nobody is sent away twice."""
        words = Text(
            zh="".join(dict.fromkeys(reason.words.zh for reason in reasons)),
            en=" ".join(dict.fromkeys(reason.words.say("en") for reason in reasons)),
        )
        fields = tuple(dict.fromkeys(name for reason in reasons for name in reason.fields))
        return cls(words, reasons[0].decision.clause_id, fields, reasons)


class NotFound(LookupError):
    """No such conversation for this viewer."""


class NotVisible(ConversationRefused):
    """A part of the conversation is not for him: the visitor's page trail."""


CLOSED = Text(zh="这个会话已经结束。", en="This conversation has ended.")
EMPTY = Text(zh="请写点内容，或附上文件。", en="Write something, or attach a file.")
NOT_YOURS = Text(zh="这个会话不在您手上。", en="This conversation is not yours.")
OWN = Text(zh="这个会话就在您手上，直接回复即可。", en="This conversation is yours already: simply answer.")
NOT_ABOVE = Text(
    zh="您的岗位不在这个队列之上，不能提示、指派或接管。请找这个队列的主管。",
    en="Your role does not stand above this queue: no whispering, assigning or taking over. Ask the queue's supervisor.",
)
NOT_FAILED = Text(zh="这条消息没有发送失败。", en="This message has not failed.")
NOBODY = Text(zh="这个会话现在没有人接待。", en="Nobody has this conversation now.")
TAKEN = Text(zh="这个会话已由同事接走。", en="A colleague has taken this conversation.")
SENT_OUT = Text(
    zh="短信、微信和邮件发出后不能修改或撤回，请另写一条更正。",
    en="What was sent by SMS, WeChat or mail can be neither changed nor recalled; write a correction.",
)
TOO_LATE = Text(zh="已过可修改的时间。", en="It can no longer be changed.")
NOTHING_TO_COVER = Text(zh="没有可以代接的同事。", en="There is no colleague to answer it for.")
NOT_HIS_TO_COVER = Text(zh="您的岗位不能代接这个会话。", en="Your role does not cover this conversation.")
NOT_HIS_FORM = Text(zh="这张表单不由您在会话里填写。", en="This form is not for you to fill in a conversation.")
FORM_UNFIT = Text(zh="表单有几处要改。", en="Some fields of the form need correction.")
NO_QUEUE = Text(
    zh="您没有要接待的队列，请管理员分配岗位。", en="You answer no queue; ask an administrator for a role that does."
)
NO_REASON = Text(zh="请选择整理的原因。", en="Choose the reason for not being ready.")
