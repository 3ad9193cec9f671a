"""What the events of the product are called, for the pages on which people read a clause: `presence.away.entered` is 转入“离开”时.

Events of a handbook's own things (actions, stages, records) carry its words; here are those of the rooms that talk with customers,
keep presence and keep the archive. An event that is not here is shown by its name.
"""

from __future__ import annotations

from collections.abc import Mapping

from zhike.handbook.common import Text


def _words(*rows: tuple[str, str, str]) -> Mapping[str, Text]:
    return {name: Text(zh=zh, en=en) for name, zh, en in rows}


STATES: Mapping[str, Text] = _words(
    ("off", "离线", "off"),
    ("away", "离开", "away"),
    ("busy", "忙碌", "busy"),
    ("wrap_up", "话后处理", "in wrap-up"),
    ("not_ready", "整理", "not ready"),
    ("ready", "就绪", "ready"),
)
"""What somebody who answers is doing."""

HAPPENINGS: Mapping[str, Text] = _words(
    ("case.opened", "开单时", "when the case is opened"),
    ("case.closed", "结办时", "when the case is closed"),
    ("case.reopened", "重新打开工单时", "when the case is opened again"),
    ("case.accepted", "接手工单时", "when the case is accepted"),
    ("case.merged", "并入另一张工单时", "when the case is merged into another"),
    ("case.split", "拆出一部分时", "when a part is split off"),
    ("case.calls_for_case", "要求立单时", "when a case is called for"),
    ("conversation.opening", "会话将要开始时", "when a conversation is about to begin"),
    ("conversation.opened", "会话开始时", "when a conversation begins"),
    ("conversation.queued", "会话进入队列时", "when a conversation joins its queue"),
    ("conversation.offered", "会话派给坐席时", "when a conversation is offered to somebody"),
    ("conversation.offer_ended", "派给坐席而没有接起时", "when an offer ends unanswered"),
    ("conversation.accepting", "坐席将要接起时", "when somebody is about to accept"),
    ("conversation.accepted", "会话接起时", "when a conversation is accepted"),
    ("conversation.asked", "顾客提出问题时", "when the customer asks"),
    ("conversation.question", "顾客的每个问题", "at every question of the customer"),
    ("conversation.question_settled", "问题标为无须答复时", "when a question is marked as needing no answer"),
    ("conversation.answering", "答复将要发出时", "when an answer is about to be sent"),
    ("conversation.answered", "答复发出时", "when the customer is answered"),
    ("conversation.first_answered", "首次答复时", "at the first answer"),
    ("conversation.told", "告诉顾客时，不算答复", "when the customer is told something that is no answer"),
    ("conversation.corrected", "更正答复时", "when an answer is put right"),
    ("conversation.noting", "写内部备注时", "when an internal note is written"),
    ("conversation.recording", "登记会话时", "when a record of the conversation is being filled"),
    ("conversation.filled", "填完会话记录时", "when a record of the conversation is complete"),
    ("conversation.transferring", "会话将要转交时", "when a conversation is about to be handed over"),
    ("conversation.transferred", "会话转交时", "when a conversation is handed over"),
    ("conversation.covering", "将要替同事代接时", "when somebody is about to answer for a colleague"),
    ("conversation.covered", "替同事代接时", "when somebody answers for a colleague"),
    ("conversation.colleague_back", "被代接的同事回来时", "when the absent colleague is back"),
    ("conversation.returned", "交还被代接的同事时", "when it is given back to the colleague"),
    ("conversation.joined", "同事加入会话时", "when a colleague joins"),
    ("conversation.waited_out", "等待超过上限时", "when the longest wait is over"),
    ("conversation.overflowed", "等待够久、改派他组时", "when it overflows to another group"),
    ("conversation.stranded", "没有人能接时", "when nobody can take it"),
    ("conversation.identified", "认出顾客时", "when the customer is recognised"),
    ("conversation.became_case", "会话转成工单时", "when it becomes a case"),
    ("conversation.survey_asked", "请顾客评价时", "when the survey is asked"),
    ("conversation.rated", "顾客评价时", "when the customer rates it"),
    ("conversation.closed", "会话结束时", "when a conversation ends"),
    ("message.sent", "消息发出时", "when a message is sent"),
    ("sms.sending", "短信将要发出时", "when a short message is about to be sent"),
    ("sms.unsubscribed", "顾客退订短信时", "when the customer unsubscribes from short messages"),
    ("sms.settled", "短信有了回执时", "when the receipt of a short message arrives"),
    ("presence.entered", "转入任何状态时", "when somebody enters a state"),
    ("presence.left", "离开任何状态时", "when somebody leaves a state"),
    ("shift.started", "上班时", "when a shift begins"),
    ("shift.ended", "下班时", "when a shift ends"),
    ("customer.added", "建立客户档案时", "when a customer is added"),
    ("customer.edited", "修改客户档案时", "when a customer is changed"),
    ("customer.imported", "导入客户时", "when customers are imported"),
    ("customer.card_kept", "填写客户专用栏目时", "when the handbook's own fields of a customer are kept"),
    ("customer.consented", "客户同意时", "when the customer consents"),
    ("customer.consent_withdrawn", "客户撤回同意时", "when the customer withdraws consent"),
    ("customer.merged", "合并客户档案时", "when customers are merged"),
    ("customer.unmasked", "查看完整号码时", "when a number is unmasked"),
    ("staff.added", "新增员工时", "when a member of staff is added"),
    ("staff.disabled", "停用员工时", "when a member of staff is disabled"),
    ("staff.left", "员工离职时", "when a member of staff leaves"),
    ("staff.returned", "员工返岗时", "when a member of staff is back"),
    ("department.added", "新增部门时", "when a department is added"),
    ("department.moved", "调整部门隶属时", "when a department is moved"),
    ("department.retired", "撤销部门时", "when a department is retired"),
    ("export.cases", "导出工单时", "when cases are taken out"),
    ("export.asked", "申请导出时", "when an export is asked for"),
    ("export.decided", "导出申请有了决定时", "when an export is decided"),
    ("export.written", "导出文件写成时", "when an export is written"),
    ("export.fetched", "取走导出文件时", "when an export is fetched"),
    ("rank.daily", "每天排名时", "at the ranking of each day"),
    ("rank.weekly", "每周排名时", "at the ranking of each week"),
    ("rank.monthly", "每月排名时", "at the ranking of each month"),
    ("rank.quarterly", "每季度排名时", "at the ranking of each quarter"),
    ("rank.yearly", "每年排名时", "at the ranking of each year"),
)  # fmt: skip
"""Event -> the moment it is, as a clause says it."""

_ENTERED = Text(zh="转入“{state}”时", en="when somebody turns “{state}”")
_LEFT = Text(zh="结束“{state}”时", en="when “{state}” ends")
_ENTERING = Text(zh="要转入“{state}”时", en="when somebody wants to turn “{state}”")


def happening(name: str) -> Text | None:
    """The words for an event of the product itself; None for one of the handbook's own things and for an unknown one."""
    if name in HAPPENINGS:
        return HAPPENINGS[name]
    match name.split("."):
        case ["presence", "enter", state] if state in STATES:
            return _of_state(_ENTERING, state)
        case ["presence", state, "entered"] if state in STATES:
            return _of_state(_ENTERED, state)
        case ["presence", state, "left"] if state in STATES:
            return _of_state(_LEFT, state)
    return None


def _of_state(words: Text, state: str) -> Text:
    told = STATES[state]
    return Text(zh=words.zh.format(state=told.zh), en=words.en.format(state=told.en))
