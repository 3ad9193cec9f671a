"""Titles are kept in Chinese and read in the reader's language."""

from __future__ import annotations

from tests.world import Cast, at
from zhike.cases.titles import title_in


def test_words_of_choices_are_read_in_english_and_typed_words_stay(people: Cast) -> None:
    ticket = people.ticket(at("2025-06-10 09:00"))
    assert ticket.title == "投诉类 · 服务质量 · 示例一店 · 示例：收银员态度不好。"
    assert title_in(ticket, "zh-hans") == ticket.title
    assert title_in(ticket, "en") == "Complaint · Quality of service · 示例一店 · 示例：收银员态度不好。"
