"""While nobody answers, under the handbook of the web chat desk: what a visitor leaves becomes a case, and he is told by when."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case
from zhike.channels.webchat.inboxes import renew_secret
from zhike.channels.webchat.visitors import IDENTITY
from zhike.conversations.models import Conversation, Inbox
from zhike.conversations.presence import enter_state
from zhike.conversations.tests.ground import at
from zhike.customers.models import Customer
from zhike.journal.models import ClauseUse
from zhike.org.handbooks import viewer
from zhike.org.models import Assignment, Staff
from zhike.records.models import Attachment
from zhike.web.webchat.tests.conftest import Watch
from zhike.web.webchat.tests.ground import Visitor, png, token_of

MORNING, EVENING = "03-03 10:00", "03-03 20:00"
FORM = {"name": "示例访客", "topic": "delivery", "consent": "demo-1", "phone": "13800000801", "words": "请回电"}


def comes(when: str) -> None:
    staff = Staff.objects.get()
    enter_state(staff, "ready", now=at(when), by=viewer(staff).principal)


def leaves(visitor: Visitor | None = None, key: str = "left-0000001", **told: object) -> dict[str, object]:
    answer = (visitor or Visitor(origin="")).post("offline", form=FORM | dict(told.pop("form", {})), key=key, **told)  # type: ignore[call-overload]
    assert answer.status_code == 201, answer.json()
    found: dict[str, object] = answer.json()
    return found


def test_where_nobody_is_there_he_is_asked_to_leave_a_message_by_the_clause(desk: Inbox) -> None:
    told = Visitor(origin="").get("settings").json()
    assert (told["open"], told["opens_at"], told["offline"]) == (False, None, True)
    assert told["why"] == "现在没有客服在岗，请留言，我们会按您留下的方式答复。"
    answer = Visitor(origin="", language="en").writes("你好", form=FORM)
    assert (answer.status_code, answer.json()["error"]) == (409, "closed")
    assert answer.json()["why"].startswith("Nobody is at the desk right now.")
    assert not Conversation.objects.exists()
    refused = ClauseUse.objects.get(outcome="refused")
    assert (refused.clause, refused.subject_kind) == ("CHAT-X02", "version")


def test_as_soon_as_somebody_is_there_he_may_begin(desk: Inbox) -> None:
    comes(MORNING)
    assert Visitor(origin="").get("settings").json()["open"] is True
    assert Visitor(origin="").writes("你好", form=FORM).status_code == 201


def test_what_he_leaves_is_a_case_with_his_words_and_the_customer_and_he_is_told_by_when(desk: Inbox) -> None:
    told = leaves()
    case = Case.objects.get()
    assert told == {"number": case.number, "due": "2025-03-03T04:00:00+00:00"}
    assert (case.process, case.stage, case.source) == ("web_message", "left", "webchat")
    assert case.data["web_message"]["detail"] == "请回电"
    assert case.customer is not None
    assert (case.customer.name, case.customer.contact_points.get().value) == ("示例访客", "+8613800000801")


def test_after_hours_the_two_hours_begin_in_the_morning(desk: Inbox, watch: Watch) -> None:
    watch.now = at(EVENING)
    assert leaves()["due"] == "2025-03-04T03:00:00+00:00"


def test_sent_twice_it_is_one_case_and_another_visitor_has_keys_of_his_own(desk: Inbox) -> None:
    first = leaves()
    assert leaves() == first
    assert leaves(Visitor("w" * 43, origin=""))["number"] != first["number"]
    assert Case.objects.count() == 2


def test_files_go_with_it(desk: Inbox) -> None:
    visitor = Visitor(origin="")
    token = visitor.sends(png(40, 30), left=True).json()["token"]
    leaves(visitor, files=[token])
    kept = Attachment.objects.get()
    assert (kept.token, kept.subject_kind, kept.subject_id) == (token, "case", Case.objects.get().pk)


def test_who_has_talked_before_leaves_files_too(desk: Inbox, watch: Watch) -> None:
    comes(MORNING)
    visitor = Visitor(origin="")
    visitor.writes("你好", form=FORM)
    watch.now = at(EVENING)
    token = visitor.sends(png(40, 30), left=True).json()["token"]
    leaves(visitor, files=[token])
    assert Attachment.objects.get().subject_kind == "case"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"words": " "}, "words"),
        ({"phone": ""}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"consent": ""}, "consent"),
        ({"topic": "x"}, "topic"),
    ],
)
def test_what_is_missing_is_named_at_its_field(desk: Inbox, form: dict[str, str], field: str) -> None:
    answer = Visitor(origin="").post("offline", form=FORM | form, key="left-0000001")
    assert (answer.status_code, list(answer.json()["problems"])) == (422, [field])
    assert not Case.objects.exists()


def test_markup_and_a_file_of_somebody_else_change_nothing(desk: Inbox) -> None:
    leaves(form={"words": "<script>alert(1)</script>", "name": "<b>示例</b>"})
    assert Case.objects.get().data["web_message"]["detail"] == "<script>alert(1)</script>"
    answer = Visitor(origin="").post("offline", form=FORM, key="left-0000002", files=["x" * 43])
    assert answer.status_code == 422
    assert Case.objects.count() == 1


def test_a_signed_in_customer_needs_to_leave_no_number(desk: Inbox, watch: Watch) -> None:
    secret = renew_secret(desk.pk, by="system", now=watch.now)
    token = token_of(secret, phone="13800000802", exp=int(watch.now.timestamp()) + 600, jti="one", name="示例会员")
    leaves(token=token, form={"phone": "", "name": ""})
    assert Case.objects.get().customer == Customer.objects.get(name="示例会员")
    assert IDENTITY in Inbox.objects.get().settings["sealed"]


def test_asking_whether_somebody_is_there_costs_the_same_for_any_number_of_people(desk: Inbox) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            Visitor(origin="").get("settings")
        return len(seen)

    queries()  # the handbook is read once
    before = queries()
    for number in range(20):
        staff = Staff.objects.create(username=f"n{number}", name="示例")
        Assignment.objects.create(staff=staff, handbook="webchat-desk", role="desk_agent")
    assert queries() == before
