"""What a visitor said before his first word stands beside the conversation in words, not in names of fields."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from zhike.web.workbench.facts import facts_told


def test_a_topic_of_the_inbox_has_its_title_and_what_is_no_fact_of_his_is_left_out() -> None:
    inbox = SimpleNamespace(
        settings={"topics": [{"id": "before", "title": {"zh": "购买前咨询", "en": "Before buying"}}]}
    )
    facts = {"topic": "before", "inbox": "5a1bd315", "consent": "demo-1", "phone": "13800138000"}
    talk = cast(Any, SimpleNamespace(inbox=inbox, facts=facts))
    book = cast(Any, SimpleNamespace(handbook=SimpleNamespace(options={})))
    assert facts_told(talk, book) == [("主题", "购买前咨询"), ("同意的告知", "demo-1")]
