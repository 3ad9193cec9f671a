"""The knowledge a handbook keeps, on the screen of conversations: proposed, opened, put into an answer, counted by the form."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.conversations.models import Conversation
from zhike.conversations.tests.ground import FIRST_ANSWER, installed, person
from zhike.conversations.tests.test_knowledge import ARTICLE, HOURS, INVOICE, NOTE, READ, RETURNS
from zhike.journal.models import ClauseUse
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.records.directory import save_row
from zhike.records.models import ReferenceRow
from zhike.web.workbench.tests.test_pages import NOW, browser, nine_o_clock, taken

__all__ = ["nine_o_clock"]
pytestmark = pytest.mark.django_db
ROLES: list[dict[str, Any]] = [
    {"id": "agent", "title": "示例坐席", "reports_to": "lead", "screens": ["desk", "lookup"]},
    {"id": "lead", "title": "示例班长", "screens": ["desk", "board", "lookup"]},
]


def world() -> tuple[Conversation, Viewer, ReferenceRow]:
    version = installed(FIRST_ANSWER, READ, roles=ROLES, records=[ARTICLE, NOTE])
    keeper = person("keeper", "lead")
    row, *_ = [save_row(book_of(version.pk), "article", each, by=keeper, now=NOW) for each in (RETURNS, HOURS, INVOICE)]
    anna = person("anna")
    return taken(anna, "买的东西想退货"), anna, row


def offered(talk: Conversation, anna: Viewer) -> dict[str, Any]:
    page = browser(anna).get(f"/conversations/{talk.number}/forms/talk_note", headers={"HX-Request": "true"})
    return {field.name: field.value for field in page.context["fields"]}


def test_an_entry_is_proposed_with_a_link_that_opens_it_alone_and_counts_as_looked_up() -> None:
    talk, anna, row = world()
    hints = browser(anna).get(f"/conversations/{talk.number}/hints").text
    link = f"/lookup/talk/article?entry={row.pk}&amp;conversation={talk.number}"
    assert (link in hints, "示例商品" in hints, "写进回复" in hints) == (True, True, True)
    assert offered(talk, anna)["searched"] == "false"
    page = browser(anna).get(link.replace("&amp;", "&")).text
    assert ("收货七天内可以退货" in page, "九点关门" in page, "仓库承担" in page) == (True, False, False)
    assert f"为会话 {talk.number} 查找" in page
    assert offered(talk, anna)["searched"] == "true"
    use = ClauseUse.objects.get(clause="TALK-50")
    assert (use.subject_kind, use.subject_id, use.outcome) == ("conversation", talk.pk, "applied")


def test_the_entry_whose_words_were_sent_is_what_the_form_is_offered() -> None:
    talk, anna, row = world()
    said = {"words": "收货七天内可以退货。", "key": "k9", "entry": [str(row.pk), "x"]}
    assert (
        browser(anna).post(f"/conversations/{talk.number}/say", said | {"internal": "1", "key": "k8"}).status_code
        == 200
    )
    assert offered(talk, anna)["article_used"] in (None, "")
    assert browser(anna).post(f"/conversations/{talk.number}/say", said).status_code == 200
    assert (offered(talk, anna)["searched"], offered(talk, anna)["article_used"]) == ("true", "示例怎样退货")


def test_somebody_who_only_looks_on_counts_for_nothing() -> None:
    talk, anna, row = world()
    bert = person("bert")
    page = browser(bert).get(f"/lookup/talk/article?entry={row.pk}&conversation={talk.number}")
    assert (page.status_code, "为会话" in page.text) == (200, False)
    assert offered(talk, anna)["searched"] == "false"
