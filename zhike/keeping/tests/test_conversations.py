"""Conversations whose time of keeping is over, and single forms."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tests.world import Cast, at, cast
from zhike.cases.models import Case
from zhike.channels.email import raw
from zhike.channels.email.models import Mail, Mailbox
from zhike.channels.models import OutgoingMessage
from zhike.conversations.models import Conversation, Message, Survey
from zhike.conversations.tests import ground
from zhike.journal.models import Fact
from zhike.journal.seals import seal_all, verify_chain
from zhike.journal.stream import sequence_all
from zhike.keeping.models import Deletion
from zhike.keeping.running import delete_due
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion
from zhike.records.attachments import place_of, store_attachment
from zhike.records.models import Attachment, Filling

pytestmark = pytest.mark.django_db(transaction=True)
CLOSED = at("2025-03-03 10:00")
DUE = at("2025-06-01 10:00")
"""Ninety days later."""
KEEP: dict[str, Any] = {
    "kind": "visibility", "id": "TALK-90", "title": {"zh": "示例保存九十天", "en": "Kept ninety days"}, "cites": "1", "quote": "示例",
    "of": "conversation", "keep": "90d", "to": [{"role": "agent"}], "refuse": {"zh": "示例", "en": "Sample"},
}  # fmt: skip
SECRET = "示例：我的地址是示例路1号"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path) -> Any:
    with override_settings(ZHIKE_HOME=tmp_path, MEDIA_ROOT=tmp_path / "files"):
        yield


def ended() -> Conversation:
    """A mail with a file that became a conversation, answered by a short message, rated, ended at CLOSED."""
    ground.installed(KEEP)
    inbox = ground.inbox_of("email", "desk@example.com")
    talk = ground.asked(inbox, SECRET, who="guest@example.com")
    message = Message.objects.get(conversation=talk)
    mailbox = Mailbox.objects.create(
        inbox=inbox, sender_name="示例", imap_host="h", imap_user="u", imap_key="k", imap_sealed=b"", smtp_host="h", since=CLOSED
    )  # fmt: skip
    Mail.objects.create(
        mailbox=mailbox, digest="d" * 64, raw_digest=raw.keep(SECRET.encode()), size=9, sender="guest@example.com", subject=SECRET,
        received_at=CLOSED, state="accepted", conversation=talk, message=message,
    )  # fmt: skip
    file = store_attachment(SECRET.encode(), "示例.txt", by="system", now=CLOSED)
    Attachment.objects.filter(pk=file.pk).update(subject_kind="message", subject_id=message.pk)
    OutgoingMessage.objects.create(
        to="+8613800000001", words=SECRET, at=CLOSED, message=message.pk, values={"code": SECRET}
    )
    Survey.objects.create(conversation=talk, token="t" * 43, asked_at=CLOSED, score=4, comment=SECRET)
    Conversation.objects.filter(pk=talk.pk).update(
        state="closed", closed_at=CLOSED, subject=SECRET, facts={"topic": SECRET}, last_words=SECRET
    )
    sequence_all()
    seal_all()
    return Conversation.objects.get(pk=talk.pk)


def test_a_day_before_every_word_is_there() -> None:
    talk = ended()
    delete_due(by="system", now=lambda: DUE - dt.timedelta(days=1))
    assert Conversation.objects.get(pk=talk.pk).emptied_at is None
    assert Message.objects.get(conversation=talk).words == SECRET


def test_the_words_of_a_conversation_go_and_its_row_stays() -> None:
    talk = ended()
    digests = [Mail.objects.get().raw_digest, Attachment.objects.get().digest]
    delete_due(by="system", now=lambda: DUE)
    after = Conversation.objects.get(pk=talk.pk)
    assert (after.number, after.state, after.closed_at, after.opened_at) == (
        talk.number, "closed", CLOSED, talk.opened_at,
    )  # fmt: skip
    assert (after.subject, after.facts, after.last_words, after.emptied_at, after.emptied_by) == (
        "",
        {},
        "",
        DUE,
        "TALK-90",
    )
    message = Message.objects.get(conversation=talk)
    assert (message.words, message.extra, message.seq, message.side) == ("", {}, 1, "customer")
    assert (Survey.objects.get().score, Survey.objects.get().comment) == (4, "")
    assert (OutgoingMessage.objects.get().words, OutgoingMessage.objects.get().values) == ("", {})
    mail = Mail.objects.get()
    assert (mail.subject, mail.raw_digest, mail.sender) == ("", "", "guest@example.com")
    assert [place_of(digest).exists() for digest in digests] == [False, False]
    assert Deletion.objects.get().counts == {"fillings": 0, "messages": 1, "mails": 1, "files": 1}
    sequence_all()
    seal_all()
    assert verify_chain().ok


def test_a_conversation_waits_for_the_case_it_became() -> None:
    talk, people = ended(), cast()
    case = people.ticket(CLOSED)
    Conversation.objects.filter(pk=talk.pk).update(case_number=case.number)
    delete_due(by="system", now=lambda: DUE)
    assert Conversation.objects.get(pk=talk.pk).emptied_at is None
    Case.objects.filter(pk=case.pk).update(status="closed", closed_at=DUE)
    delete_due(by="system", now=lambda: DUE + dt.timedelta(days=1))
    assert Conversation.objects.get(pk=talk.pk).emptied_at is not None


def with_form_kept(people: Cast) -> Cast:
    """The ticket's form is kept for a year; nothing is said of the process."""
    source = HandbookVersion.objects.get(pk=people.version.pk).source
    next(record for record in source["records"] if record["id"] == "service_ticket")["keep"] = "12 months"
    HandbookVersion.objects.filter(pk=people.version.pk).update(source=source)
    book_of.cache_clear()
    return people


def test_of_one_form_the_form_goes_and_the_case_stays_as_it_is() -> None:
    people = with_form_kept(cast())
    case = people.ticket(CLOSED)
    Case.objects.filter(pk=case.pk).update(
        status="closed", closed_at=CLOSED, data={**case.data, "other": {"words": "示例"}}
    )
    year = at("2026-03-03 10:00")
    delete_due(by="system", now=lambda: year - dt.timedelta(seconds=1))
    assert Case.objects.get(pk=case.pk).data["service_ticket"]["caller_name"] == "示例顾客"
    delete_due(by="system", now=lambda: year)
    after = Case.objects.get(pk=case.pk)
    assert (after.data, after.emptied_at, after.title) == ({"other": {"words": "示例"}}, None, "服务工单")
    assert Filling.objects.get(subject_id=case.pk).values == {}
    gone = Deletion.objects.get()
    assert (gone.record, gone.clause, gone.counts) == ("service_ticket", "", {"fillings": 1, "files": 0})
    assert Fact.objects.get(type="contents.deleted").clauses == []
    delete_due(by="system", now=lambda: year + dt.timedelta(days=1))
    assert Deletion.objects.count() == 1
