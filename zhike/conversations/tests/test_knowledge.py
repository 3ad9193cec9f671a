"""Entries of the knowledge a handbook keeps, suggested beside a conversation; and what was really made of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.conversations.consulting import note_searched, note_used
from zhike.conversations.facts import facts_of
from zhike.conversations.handing import accept
from zhike.conversations.knowledge import Entry, entries_like, question_of
from zhike.conversations.models import Conversation
from zhike.conversations.tests.ground import asked, at, inbox_of, installed, person
from zhike.journal.models import ClauseUse, Fact
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.records.directory import retire_row, save_row
from zhike.records.models import ReferenceRow

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:01")
ARTICLE: dict[str, Any] = {
    "id": "article", "title": "示例知识", "kind": "reference", "cites": "1", "label": "title", "kept_by": ["lead"],
    "fields": [
        {"id": "title", "title": "示例标题", "type": "string", "required": True},
        {"id": "sort", "title": "示例分类", "type": "enum", "choices": [{"id": "goods", "title": {"zh": "示例商品", "en": "Goods"}}]},
        {"id": "body", "title": "示例正文", "type": "text", "required": True},
        {"id": "cost", "title": "示例内部说明", "type": "text"},
    ],
}  # fmt: skip
NOTE: dict[str, Any] = {
    "id": "talk_note", "title": "示例记录", "cites": "1", "in_conversation": ["agent"],
    "fields": [
        {"id": "searched", "title": "示例查过", "type": "bool", "prefill": "knowledge.searched"},
        {"id": "article_used", "title": "示例条目", "type": "string", "prefill": "knowledge.used"},
    ],
}  # fmt: skip
READ: dict[str, Any] = {
    "kind": "visibility", "id": "TALK-50", "title": {"zh": "示例可查", "en": "Sample"}, "cites": "1", "quote": "示例",
    "of": "lookup.article", "to": [{"role": "agent"}], "fields": ["title", "sort", "body"],
    "refuse": {"zh": "示例不给看。", "en": "Not for you."},
}  # fmt: skip
RETURNS = {
    "title": "示例怎样退货",
    "sort": "goods",
    "body": "收货七天内可以退货。请保留包装。",
    "cost": "示例退货运费由仓库承担",
}
HOURS = {"title": "示例营业时间", "sort": "goods", "body": "我们九点开门，晚上九点关门。"}
INVOICE = {"title": "示例发票", "sort": "goods", "body": "发票随货寄出。"}


def ground(*clauses: dict[str, Any]) -> None:
    installed(*(clauses or (READ,)), records=[ARTICLE, NOTE])


def kept(*rows: dict[str, str]) -> list[ReferenceRow]:
    keeper = person("keeper", "lead")
    book = book_of(Conversation.objects.get().version_id)
    return [save_row(book, "article", row, by=keeper, now=NOW) for row in rows]


def talk(words: str = "我买的东西想退货，可以吗", role: str = "agent") -> tuple[Conversation, Viewer]:
    anna = person("anna", role)
    return accept(asked(inbox_of(), words), anna, now=NOW), anna


def like(conversation: Conversation, viewer: Viewer, language: str = "zh") -> list[Entry]:
    book = book_of(conversation.version_id)
    return entries_like(conversation, book, viewer, question_of(conversation), NOW, language)


def facts(conversation: Conversation) -> tuple[Any, Any]:
    found = facts_of(conversation, book_of(conversation.version_id), NOW)
    return found["knowledge.searched"], found["knowledge.used"]


def test_the_entry_most_like_the_question_is_proposed_with_its_title_category_and_words() -> None:
    ground()
    conversation, anna = talk()
    row, *_ = kept(RETURNS, HOURS, INVOICE)
    assert like(conversation, anna, "en") == [
        Entry("article", row.pk, "示例怎样退货", ("Goods",), "收货七天内可以退货。请保留包装。")
    ]


def test_one_thing_shared_with_the_title_is_enough_and_one_with_the_rest_is_not() -> None:
    ground()
    conversation, anna = talk("退货")
    more = [{"title": f"示例其他{n}", "body": "与此无关。"} for n in range(2)]
    row, *_ = kept(RETURNS | {"body": "七天之内。"}, HOURS | {"body": "退货也在此时。"}, INVOICE, *more)
    assert [entry.row for entry in like(conversation, anna)] == [row.pk]


def test_who_may_not_look_it_up_is_proposed_nothing() -> None:
    ground(READ | {"to": [{"role": "lead"}]})
    conversation, anna = talk()
    kept(RETURNS, HOURS)
    assert like(conversation, anna) == []


def test_what_stands_in_a_field_that_is_not_open_to_the_reader_finds_nothing_and_is_not_shown() -> None:
    ground()
    conversation, anna = talk("运费由仓库承担吗")
    kept(RETURNS, HOURS)
    assert like(conversation, anna) == []


def test_an_entry_out_of_use_is_proposed_no_more_and_an_edited_one_by_its_new_words() -> None:
    ground()
    conversation, anna = talk()
    old, edited, _ = kept(RETURNS, HOURS, INVOICE)
    keeper = person("other", "lead")
    book = book_of(conversation.version_id)
    retire_row(book, "article", old.pk, by=keeper, now=NOW)
    save_row(book, "article", HOURS | {"body": "想退货的东西请寄回。"}, by=keeper, now=NOW, row_id=edited.pk)
    assert [entry.row for entry in like(conversation, anna)] == [edited.pk]


def test_a_proposal_is_no_look_up_and_costs_two_queries() -> None:
    ground()
    conversation, anna = talk()
    kept(RETURNS, HOURS, INVOICE)
    question = question_of(conversation)
    with CaptureQueriesContext(connection) as asked_for:
        entries_like(conversation, book_of(conversation.version_id), anna, question, NOW, "zh")
    assert len(asked_for) == 2
    assert not ClauseUse.objects.filter(clause="TALK-50").exists()
    assert facts(conversation) == (False, None)


def test_what_was_looked_up_and_what_went_out_is_what_the_form_is_offered() -> None:
    ground()
    conversation, anna = talk()
    row, other = kept(RETURNS, HOURS)
    note_searched(conversation, "article", anna, now=NOW)
    note_searched(conversation, "article", anna, now=NOW)
    assert facts(conversation) == (True, None)
    for _ in range(2):
        note_used(conversation, [row.pk, other.pk], "您好，收货七天内 可以退货。", anna, now=NOW)
    assert facts(conversation) == (True, "示例怎样退货")
    assert list(
        Fact.objects.filter(type__startswith="conversation.knowledge").order_by("id").values_list("type", flat=True)
    ) == [
        "conversation.knowledge_searched",
        "conversation.knowledge_used",
    ]


def test_an_entry_whose_words_were_taken_out_again_or_that_is_not_open_to_him_was_not_used() -> None:
    ground(READ | {"to": [{"role": "lead"}]})
    conversation, anna = talk()
    (row,) = kept(RETURNS)
    note_used(conversation, [row.pk], "收货七天内可以退货", anna, now=NOW)
    assert facts(conversation) == (False, None)
    note_used(conversation, [row.pk], "稍等", person("boss", "lead"), now=NOW)
    assert facts(conversation) == (False, None)
