"""What a handbook may name without declaring it: facts that Python computes, events that other rooms report, row
facts of counts.

A condition in a file only compares; whatever needs thinking is a fact of this list, computed and tested in one place.
A name that is
neither here, nor a field, nor declared under `facts` of the handbook is refused when the handbook is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from zhike.handbook.common import Text
from zhike.handbook.structure import Role

FactType = Literal["string", "int", "decimal", "bool", "date", "datetime", "list", "any"]


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact by name. A `*` in the name stands for one id: `case.taken.*`."""

    name: str
    type: FactType
    means: Text


def _facts(*rows: tuple[str, FactType, str, str]) -> tuple[KnownFact, ...]:
    return tuple(KnownFact(name, type_, Text(zh=zh, en=en)) for name, type_, zh, en in rows)


FACTS: tuple[KnownFact, ...] = _facts(
    ("case.process", "string", "工单的流程", "the case's process"),
    ("case.stage", "string", "工单现在的阶段", "the stage it stands at"),
    ("case.status", "string", "open 在办，closed 已结", "open or closed"),
    ("case.round", "int", "第几轮，从 1 起", "the round, from 1"),
    ("case.source", "string", "从哪里来：desk、portal、phone", "where it came from: desk, portal, phone"),
    ("case.has_customer", "bool", "是否已知顾客", "whether the customer is known"),
    ("case.department", "int", "责任部门", "the responsible department"),
    ("case.department_kind", "string", "责任部门的类别", "the kind of the responsible department"),
    ("case.occurrence", "int", "同一事项第几件，含本件", "the how-manieth case of the same matter, itself included"),
    ("case.taken.*", "int", "某动作已做过几次，没有做过为 0", "how often an action was taken, 0 where never"),
    ("case.late.*", "int", "某条时限已超时几次", "how often a limit was missed in this case"),
    ("actor.principal", "string", "谁在办理", "who acts"),
    ("actor.is_customer", "bool", "办理人是否为顾客", "whether a customer acts"),
    ("actor.role", "string", "办理人的岗位", "the role he acts in"),
    ("actor.on_shift", "bool", "办理人此刻是否当班", "whether he is on shift at this moment"),
    ("case.owner_on_shift", "bool", "经办人此刻是否当班", "whether the case's owner is on shift at this moment"),
    ("today", "date", "今天的日期", "today's date"),
    ("weekday", "int", "星期几，星期一为 1", "day of the week, Monday is 1"),
    ("hour", "int", "现在是几点（0 至 23）", "hour of the day, 0 to 23"),
    (
        "due.over_cap_agreed",
        "bool",
        "超过上限的日期是否已获同意",
        "whether a date beyond the cap was agreed to",
    ),
    ("attachments", "int", "这次动作带了几个附件", "how many files come with the action"),
    ("approvals", "list", "已有的批准，每条有 role、by、decision", "approvals so far, each with role, by, decision"),
    (
        "last_recontact_satisfied",
        "bool",
        "最近一次回访顾客是否满意",
        "whether the customer was satisfied at the last callback",
    ),
    (
        "record.*.complete",
        "bool",
        "某张表单是否已经填写完整",
        "whether a form was filled in and nothing is lacking",
    ),
    ("duty.*.open", "bool", "某条例行义务是否还欠着", "whether a duty is still owed"),
    ("duty.*.tries", "int", "某条例行义务连续几次未接通", "tries in a row that reached nobody"),
    ("duty.*.state", "string", "某条例行义务最近一次的状态", "the state of a duty when it was last owed"),
    ("sanction.*.open", "bool", "某条奖惩是否有草案待决定", "whether the draft of a sanction is undecided"),
    (
        "sanction.*.confirmed",
        "bool",
        "某条奖惩是否已确认、没有撤回",
        "whether a sanction was confirmed and not taken back",
    ),
    (
        "sanction.*.lasts",
        "bool",
        "某条奖惩的处理此刻是否还在持续",
        "whether what a sanction laid on somebody still lasts",
    ),
    ("held.*", "bool", "工单所涉的这一对象是否被冻结", "whether that thing the case is about is frozen"),
    (
        "open_hold",
        "bool",
        "准入条款 scope 所指的对象是否被冻结",
        "whether what the `scope` of the gate names is frozen",
    ),
    ("clock.*.due_at", "datetime", "某条时限的最晚时间", "when a limit is due"),
    ("clock.*.state", "string", "某条时限的状态", "the state of a limit"),
    ("clause", "string", "立案所依据的条款", "the clause for which the product opened it"),
    ("finding", "string", "立案所依据的认定", "the finding for which the product opened it"),
    ("person_concerned", "string", "立案所关的人", "whom a case that the product opened concerns"),
    ("member.name", "string", "立案所关的人或单位的名称", "the name of that member of the population"),
    ("customer.kind", "string", "客户是个人还是企业", "whether the customer is a person or a company"),
    ("customer.tags", "list", "客户的标签", "the customer's tags"),
    ("customer.known_days", "int", "客户建档多少天", "for how many days the customer has been known"),
    ("found_at", "datetime", "这件事发生的时刻", "when that happened"),
    ("count", "int", "同类事项第几次，含本次", "which occurrence this is, itself included"),
    ("last_in_months_running", "int", "连续几个月排名末位", "for how many months running the rank was last"),
    ("last_running", "int", "连续几期排名末位", "for how many periods running the rank was last"),
    ("place", "int", "在名次里第几", "the place in the ranking that is reported"),
    ("places", "int", "名次里一共几位", "how many people that ranking puts in order"),
    ("rank.measure", "string", "按哪项指标排的名次", "the measure the ranking is of"),
    ("rank.period", "string", "哪一期的名次", "the period the ranking is over"),
    ("figure.title", "string", "立案所依据的指标", "the figure for which the product opened it"),
    ("figure.value", "string", "那项指标这一期的数", "what that figure was in the period"),
    ("figure.target", "string", "那项指标的目标", "the target of that figure"),
    ("figure.period", "string", "那项指标是哪一期", "which period that was"),
    ("figure.group", "string", "那项指标属于哪一组", "the group the figure is of"),
    ("figure.department", "int", "那项指标属于哪个部门", "the department the figure is of"),
    (
        "channel",
        "string",
        "从哪种渠道来：webchat、phone、email 等",
        "the medium it came in by: webchat, phone, email, ...",
    ),
    ("queue", "string", "在哪个队列", "the queue it stands in"),
    ("outcome", "string", "会话的结果", "what came of the conversation"),
    ("topic", "string", "会话的主题", "what the conversation is about"),
    ("answered", "bool", "会话是否已有首次答复", "whether it was answered at all"),
    ("waiting_seconds", "int", "已排队多少秒", "seconds it has waited in its queue"),
    ("first_reply_seconds", "int", "从开始到首次答复多少秒", "seconds from its beginning to the first answer"),
    ("unanswered_seconds", "int", "最早一个未答问题已等多少秒", "seconds the oldest open question has waited"),
    ("open_questions", "int", "还有几个问题未答", "how many questions are open"),
    ("corrections", "int", "更正过几条答复", "how many answers were put right"),
    ("owner_state", "string", "接待人的在线状态", "the presence of whoever has it"),
    ("covering", "bool", "是否在替同事代接", "whether it is answered for an absent colleague"),
    (
        "somebody_there",
        "bool",
        "开始会话时队列里是否有人在岗",
        "whether anybody who answers the queue is there when it begins",
    ),
    ("conversation.number", "string", "会话号", "the conversation's number"),
    ("conversation.owner", "string", "正在接待的人", "whoever has the conversation"),
    ("conversation.opened_at", "datetime", "会话开始的时刻", "when the conversation began"),
    ("conversation.accepted_at", "datetime", "会话首次接起的时刻", "when somebody first took it"),
    ("conversation.closed_at", "datetime", "会话结束的时刻", "when it ended"),
    ("knowledge.searched", "bool", "办理会话时是否查过知识库", "whether knowledge was looked up for the conversation"),
    ("knowledge.used", "string", "写进答复的知识条目", "the entries whose words went into an answer"),
    ("became_case", "bool", "是否已转成工单", "whether it became a case"),
    ("customer_known", "bool", "是否已认出顾客", "whether the customer is known"),
    ("actor.state", "string", "接起的人此刻的状态", "what whoever accepts is doing at that moment"),
    ("transfer.to", "string", "转给谁", "to whom it is handed"),
    (
        "transfer.to_covered",
        "bool",
        "是否交还给被代接的同事",
        "whether it goes back to the colleague it was answered for",
    ),
    ("words", "string", "正要发出的话", "the words about to be sent"),
    ("others_not_ready", "int", "同组还有几人在整理", "how many others are not ready"),
    ("queue_length", "int", "排队的人数", "how many wait in the queue"),
    ("ready_after_me", "int", "我离开后还有几人就绪", "how many stay ready when I leave"),
    ("in_hand", "int", "手里有几个会话", "how many conversations he has in hand"),
    ("missed", "int", "连续放过几次派单", "how many offers in a row he let go by"),
    ("entering", "string", "要转入的状态", "the state that is asked for"),
    ("skills", "list", "坐席的技能", "what the agent can do"),
    ("capacity", "int", "最多同时接几个", "how many he may have at once"),
    ("area", "string", "地区代码", "the code of an area"),
    ("on_shift", "bool", "坐席此刻是否当班", "whether the agent is on shift now"),
    ("last_agent", "int", "上次接待这位顾客的人", "who served this customer last"),
    ("reason", "string", "坐席进入状态的原因", "why somebody enters a state"),
    ("state", "string", "坐席或会话的状态", "the state of an agent or a conversation"),
    ("absent", "bool", "坐席是否离线或长时间无动作", "whether the agent is away or silent"),
    ("named_person", "string", "来电点名要谁", "whom the caller asked for"),
    (
        "named_is_subject",
        "bool",
        "点名的人是否就是被投诉的人",
        "whether the person asked for is the one complained about",
    ),
    ("owner_known", "bool", "是否有归属人", "whether the customer has an owner"),
    ("customer.owner", "string", "顾客的归属人", "the customer's owner"),
    ("customer.is_member", "bool", "是否会员", "whether a member"),
    ("customer.has_spent", "bool", "是否消费过", "whether he ever bought"),
    ("customer.unsubscribed", "bool", "是否退订", "whether unsubscribed"),
    ("customer.contacted_days_ago", "int", "多少天没有联系", "days since the last contact"),
    ("customer.tier", "string", "顾客等级", "the customer's tier"),
    ("customer.birthday", "date", "生日", "birthday"),
    ("calls_to_number_today", "int", "今天已拨这个号码几次", "calls to this number today"),
    ("calls_to_number_in_7_days", "int", "七天内已拨几次", "calls to this number in seven days"),
    ("do_not_call", "bool", "是否在免打扰名单", "whether on the do-not-call list"),
    ("in_calling_hours", "bool", "被叫当地是否在可拨时段", "whether it is calling time where the other side is"),
    (
        "delegation_valid",
        "bool",
        "委托是否在期内、范围内并由本人签署",
        "whether the delegation is in force, in scope and signed by the delegate",
    ),
    ("both_signed_at", "datetime", "两人都签完的时刻", "when the second of two signatures was given"),
    (
        "repeated_in_30_days",
        "int",
        "三十天内同一单位同一问题第几次",
        "the same issue at the same unit within thirty days",
    ),
    ("instalment.due_on", "date", "还款日", "when the instalment is due"),
    ("seconds", "int", "通话秒数", "length of the call in seconds"),
    ("caller_area", "string", "来电地区类别", "class of the caller's area"),
    ("visitors", "int", "来宾人数", "how many visitors"),
    ("now", "datetime", "现在", "now"),
    (
        "sms.purpose",
        "string",
        "短信用途：service、marketing、verification",
        "what it is for: service, marketing, verification",
    ),
    ("sms.template", "string", "短信模板编码", "the code of the template"),
    ("sms.consented", "bool", "是否同意接收营销信息", "whether marketing was agreed to"),
    (
        "sms.sent_today",
        "int",
        "今天已向这个号码发了几条同一用途的短信",
        "messages of this purpose to this number today",
    ),
    ("sms.sent_in_7_days", "int", "七天内已发几条", "the same within seven days"),
    ("export.rows", "int", "要导出多少行", "how many rows are to be taken out"),
    ("export.format", "string", "导出成什么格式：xlsx、csv", "the format of the file: xlsx or csv"),
    ("export.process", "string", "要导出哪个流程的工单", "the process whose cases are taken out"),
    ("export.purpose", "string", "导出的用途", "what it is taken out for"),
)

ROW_FACTS: dict[str, frozenset[str]] = {
    "cases": frozenset(
        {
            "process",
            "stage",
            "status",
            "round",
            "source",
            "department",
            "owner",
            "opened_at",
            "closed_at",
            "lead_time_minutes",
        }
    ),
    "clocks": frozenset(
        {"clause", "state", "holder", "minutes", "late_minutes", "age_minutes", "due_at", "stopped_at", "in_target"}
    ),
    "duties": frozenset({"clause", "state", "holder", "period", "done", "subject"}),
    "calls": frozenset(
        {
            "direction",
            "answered",
            "asked_for_human",
            "abandoned",
            "wait_seconds",
            "talk_seconds",
            "agent",
            "queue",
            "wrong_number",
            "first_contact_resolved",
        }
    ),
    "conversations": frozenset(
        {
            "channel",
            "agent",
            "queue",
            "state",
            "outcome",
            "topic",
            "answered",
            "accepted_seconds",
            "first_reply_seconds",
            "closed",
            "opened_at",
            "closed_at",
            "became_case",
            "customer_known",
            "covered",
            "score",
            "satisfied",
        }
    ),
    "answers": frozenset({"channel", "agent", "queue", "corrected"}),
    "sms": frozenset({"template", "delivered", "on_day"}),
    "findings": frozenset({"kind", "clause", "person", "upheld"}),
    "orders": frozenset({"state", "amount", "owner"}),
    "staff": frozenset({"role", "department", "joined_days"}),
    "customers": frozenset({"is_member", "tier", "owner", "first_callback_done"}),
}
"""What can be counted besides the fillings of a record, and the facts of each row."""

FILLING_FACTS = frozenset({"ordinal", "subject", "filled_by", "filled_at", "round"})
"""Facts every filling of a record has beside its fields; `ordinal` counts the fillings of one record in one case."""

EVENTS: dict[str, tuple[str, ...]] = {
    "case": ("opened", "closed", "reopened", "accepted", "merged", "split"),
    "action": ("<action>",),
    "stage": ("<stage>.entered", "<stage>.left"),
    "clock": ("<CLAUSE>.warned", "<CLAUSE>.breached", "<CLAUSE>.stopped"),
    "duty": ("<CLAUSE>.owed", "<CLAUSE>.met", "<CLAUSE>.missed", "<CLAUSE>.exhausted", "<CLAUSE>.streak"),
    "record": ("<record>.completed", "<record>.complete", "<record>.version"),
    "lookup": ("<record>",),
    "finding": ("<kind>",),
    "rank": ("daily", "weekly", "monthly", "quarterly", "yearly"),
    "presence": ("*",),
    "call": ("*",),
    "conversation": ("*",),
    "message": ("*",),
    "sms": ("*",),
    "mail": ("*",),
    "callback": ("*",),
    "visit": ("*",),
    "assignment": ("*",),
    "queue": ("*",),
    "order": ("*",),
    "shift": ("*",),
    "document": ("*",),
    "account": ("*",),
    "export": ("*",),
    "payment": ("*",),
    "settlement": ("*",),
    "import": ("*",),
    "policy": ("*",),
    "staff": ("*",),
    "customer": ("*",),
    "instalment": ("*",),
    "waybill": ("*",),
    "member": ("*",),
    "department": ("*",),
    "approval": ("*",),
    "appeal": ("*",),
    "month": ("*",),
    "period": ("*",),
    "quote": ("*",),
    "training": ("*",),
}
"""Families of events and what may follow the family's name. `<...>` must exist in the handbook, `*` is any word."""

POPULATIONS = frozenset(
    {
        "case",
        "customer",
        "member",
        "instalment",
        "staff",
        "department",
        "shift",
        "waybill",
        "order",
        "agent",
        "workstation",
        "card",
        "contract",
        "store",
        "project",
        "account",
        "period",
        "policy",
        "conversation",
        "line",
        "host",
        "visitor",
    }
)
"""Whom a duty can be owed for; a record of the handbook may be named too."""

POPULATION_FACTS: dict[str, frozenset[str]] = {
    "staff": ROW_FACTS["staff"],
    "agent": ROW_FACTS["staff"],
    "department": frozenset({"kind", "department"}),
    "store": frozenset({"kind", "department"}),
    "customer": frozenset({"customer.kind", "customer.tags", "customer.known_days"}),
    "member": frozenset({"customer.kind", "customer.tags", "customer.known_days"}),
}
"""The populations the product itself knows, with the facts of each member beside those of the catalogue: a duty `for` one of them that no
event starts is owed for everybody in its class (`where`).
"""

BUILT_IN_ROLES: dict[str, Role] = {
    "owner": Role(id="owner", title=Text(zh="经办人", en="Owner of the case"), screens=()),
    "customer": Role(id="customer", title=Text(zh="顾客", en="Customer"), external=True, is_customer=True, screens=()),
    "system": Role(id="system", title=Text(zh="系统", en="System"), is_system=True, screens=()),
}
"""Roles every handbook has; one that declares them itself only changes their titles."""


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{re.escape(name).replace(re.escape('*'), '[A-Za-z0-9_-]+')})" for name in names))


_KNOWN = _pattern(fact.name for fact in FACTS)


def is_known_fact(name: str) -> bool:
    """Whether Python computes a fact of that name."""
    return _KNOWN.fullmatch(name) is not None


def is_known_count(name: str) -> bool:
    return name in ROW_FACTS
