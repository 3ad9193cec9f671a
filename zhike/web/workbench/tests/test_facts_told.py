"""What a visitor said before his first word stands beside the conversation in words, not in names of fields."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from zhike.handbook.common import Text
from zhike.web.workbench.facts import facts_told, outcome_word


def test_a_topic_of_the_inbox_has_its_title_and_what_is_no_fact_of_his_is_left_out() -> None:
    inbox = SimpleNamespace(
        settings={"topics": [{"id": "before", "title": {"zh": "购买前咨询", "en": "Before buying"}}]}
    )
    facts = {"topic": "before", "inbox": "5a1bd315", "consent": "demo-1", "phone": "13800138000"}
    talk = cast(Any, SimpleNamespace(inbox=inbox, facts=facts))
    book = cast(Any, SimpleNamespace(handbook=SimpleNamespace(options={})))
    assert facts_told(talk, book) == [("主题", "购买前咨询"), ("同意的告知", "demo-1")]


def test_what_the_mail_said_is_in_words_and_a_campaign_keeps_its_name() -> None:
    inbox = SimpleNamespace(settings={})
    book = cast(Any, SimpleNamespace(handbook=SimpleNamespace(options={})))
    mailed = SimpleNamespace(inbox=inbox, facts={"source": "email", "mailbox": "desk@zhike.example"})
    assert facts_told(cast(Any, mailed), book) == [("来源", "邮件"), ("收到的邮箱", "desk@zhike.example")]
    visited = SimpleNamespace(inbox=inbox, facts={"source": "spring-sale"})
    assert facts_told(cast(Any, visited), book) == [("来源", "spring-sale")]


def test_an_end_nobody_of_the_house_made_is_in_words_the_handbooks_own_first() -> None:
    idle = SimpleNamespace(id="idle", title=Text(zh="久无回应", en="No reply"))
    with_words = cast(Any, SimpleNamespace(handbook=SimpleNamespace(options={"outcome": [idle]})))
    without = cast(Any, SimpleNamespace(handbook=SimpleNamespace(options={})))
    assert outcome_word("customer_left", with_words) == "顾客结束"
    assert (outcome_word("idle", with_words), outcome_word("idle", without)) == ("久无回应", "长时间没有回复")
    assert outcome_word("示例结果", without) == "示例结果"
