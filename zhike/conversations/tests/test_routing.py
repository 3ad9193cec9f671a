"""What waits is given to whom the clause says, at once when somebody is free, explained, and never to too many."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.conversations.actions import close
from zhike.conversations.draining import look_after, next_moment
from zhike.conversations.estimate import place_of
from zhike.conversations.handing import accept, end_offer, requeue
from zhike.conversations.models import Aptitude, Choice, Conversation, Message, Presence, Turn
from zhike.conversations.presence import enter_state, hear
from zhike.conversations.routing import route_waiting
from zhike.conversations.tests.ground import DESK, PICK, asked, at, inbox_of, installed, person, ready
from zhike.journal.models import ClauseUse, Fact
from zhike.notices.models import Notice
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db


def clause(**more: Any) -> dict[str, Any]:
    return PICK | more


def waiting(count: int, *, first: str = "03-03 09:00") -> list[Conversation]:
    """So many visitors have written, a second apart."""
    inbox = inbox_of()
    return [asked(inbox, who=f"v{n}", when=f"{first}:{n:02d}") for n in range(count)]


def now_of(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def holder(conversation: Conversation) -> str:
    row = Conversation.objects.select_related("offered_to").get(pk=conversation.pk)
    return row.offered_to.username if row.offered_to else ""


def name(viewer: Viewer) -> str:
    assert viewer.staff is not None
    return viewer.staff.username


def test_it_is_offered_to_the_longest_idle_for_as_long_as_the_clause_lets_it_ring() -> None:
    installed(PICK)
    ready(person("yi"), "03-03 08:50")
    ready(person("jia"), "03-03 08:30")
    (one,) = waiting(1)
    assert route_waiting(at("03-03 09:00:01")) == 1
    row = now_of(one)
    assert (holder(one), row.state, row.offer_ends_at) == ("jia", "offered", at("03-03 09:00:21"))


def test_the_choice_is_kept_with_its_reasons_and_counted_in_the_ledger() -> None:
    installed(PICK)
    jia = ready(person("jia"))
    person("yi")
    waiting(1)
    route_waiting(at("03-03 09:00:01"))
    kept = Choice.objects.get()
    assert (kept.staff, kept.clause, kept.strategy) == (jia.staff, "TALK-20", "longest_idle")
    assert [(each["free"], each["why"]["zh"]) for each in kept.because] == [(True, "空闲 1801 秒"), (False, "离线")]
    assert ClauseUse.objects.get(clause="TALK-20").outcome == "applied"


def test_nobody_gets_more_than_his_capacity_and_the_next_comes_when_one_is_closed() -> None:
    installed(PICK)
    jia = ready(person("jia"))
    rows = waiting(3)
    assert route_waiting(at("03-03 09:01")) == 2
    for row in rows[:2]:
        accept(row, jia, now=at("03-03 09:01:05"))
    assert route_waiting(at("03-03 09:01:06")) == 0
    close(rows[0], by="system", now=at("03-03 09:02"))
    assert route_waiting(at("03-03 09:02")) == 1
    assert holder(rows[2]) == "jia"


def test_what_is_not_taken_in_time_rings_at_the_next_and_keeps_its_place() -> None:
    installed(PICK)
    ready(person("jia"), "03-03 08:59:10")
    ready(person("yi"), "03-03 08:59:40")
    (one,) = waiting(1)
    route_waiting(at("03-03 09:00:00"))
    assert look_after(at("03-03 09:00:19")) == 0
    look_after(at("03-03 09:00:20"))
    assert (holder(one), now_of(one).waiting_since) == ("yi", at("03-03 09:00:00"))


def test_who_lets_three_in_a_row_go_by_is_taken_off_the_line_and_his_superior_told() -> None:
    options = {"no_answer": {"after": 3, "state": "away", "tell": True}}
    installed(clause(options=options))
    jia = ready(person("jia"), "03-03 08:59:50")
    (one,) = waiting(1)
    for seconds in (0, 20, 40, 60):
        look_after(at(f"03-03 09:0{seconds // 60}:{seconds % 60:02d}"))
    held = Presence.objects.get(staff=jia.staff)
    assert (held.state, held.reason, held.missed, now_of(one).state) == ("away", "no_answer", 3, "waiting")
    told = [notice.words["zh"] for notice in Notice.objects.order_by("id")]
    assert told[0] == "示例jia 连续 3 次没有接派来的会话，已转为“离开”。"
    assert "现在没有人能接" in told[1]


def test_taking_one_forgets_those_he_let_go_by() -> None:
    installed(PICK)
    jia = ready(person("jia"), "03-03 08:59:50")
    (one,) = waiting(1)
    look_after(at("03-03 09:00:00"))
    look_after(at("03-03 09:00:20"))
    assert Presence.objects.get().missed == 1
    accept(now_of(one), jia, now=at("03-03 09:00:25"))
    assert Presence.objects.get().missed == 0


def test_the_turn_goes_round_and_stays_where_it_was_overnight() -> None:
    installed(clause(strategy="rotation"))
    people = [ready(person(who)) for who in ("a", "b", "c")]
    rows = waiting(4)
    route_waiting(at("03-03 09:01"))
    assert [holder(row) for row in rows] == ["a", "b", "c", "a"]
    assert Turn.objects.get(name="desk").last == people[0].principal


def test_places_take_turns_whoever_sits_there() -> None:
    desk = DESK | {"seats": ["A", "B", "C"], "capacity": {"webchat": 1}}
    installed(clause(strategy="rotation", over="seats"), queues=[desk])
    ready(person("jia"), seat="C")
    ready(person("yi"), seat="A")
    rows = waiting(3)
    route_waiting(at("03-03 09:01"))
    assert [holder(row) for row in rows] == ["yi", "jia", ""]
    because = Choice.objects.filter(conversation=rows[1]).get().because
    assert [(each["staff"], each["why"]["zh"]) for each in because] == [
        ("B", "无人值机"),
        ("C", "上次分到 示例yi，往后第 2 个"),
    ]


def test_only_who_has_the_skill_gets_it_and_the_one_behind_does_not_wait_for_it() -> None:
    installed(clause(strategy="skills", options={"need": "topic"}))
    jia = ready(person("jia"))
    Aptitude.objects.create(staff=jia.staff, handbook="talk", skills=["退款"])
    first, second = waiting(2)
    Conversation.objects.filter(pk=first.pk).update(facts={"topic": "发票"})
    Conversation.objects.filter(pk=second.pk).update(facts={"topic": "退款"})
    route_waiting(at("03-03 09:01"))
    assert (holder(first), holder(second)) == ("", "jia")


def test_the_customer_comes_back_to_who_served_him_last_when_he_is_free() -> None:
    installed(clause(strategy="last_agent", then=["longest_idle"]))
    jia, yi = ready(person("jia"), "03-03 08:30"), ready(person("yi"), "03-03 08:50")
    inbox = inbox_of()
    from zhike.customers.actions import find_or_add_customer

    customer = find_or_add_customer(phone="13800138000", name="示例甲", now=at("03-01 09:00"))
    old = asked(inbox, who="v1")
    Conversation.objects.filter(pk=old.pk).update(customer=customer)
    accept(old, yi, now=at("03-03 09:00:05"))
    close(old, by="system", now=at("03-03 09:05"))
    new = asked(inbox, who="v1", key="k2", when="03-03 10:00")
    Conversation.objects.filter(pk=new.pk).update(customer=customer)
    route_waiting(at("03-03 10:00:01"))
    assert holder(new) == name(yi)
    assert jia.staff is not None


def test_a_vip_goes_first_and_one_who_has_waited_long_overtakes_him() -> None:
    weights = {"priority": {"by": "topic", "table": {"vip": 10}, "per_minute": 1}}
    installed(clause(options=weights))
    inbox = inbox_of()
    plain = asked(inbox, who="plain", when="03-03 09:00")
    requeue_with_topic(plain, "plain", "03-03 09:00")
    vip = asked(inbox, who="vip", when="03-03 09:05")
    requeue_with_topic(vip, "vip", "03-03 09:05")
    late = asked(inbox, who="late", when="03-03 09:16")
    requeue_with_topic(late, "vip", "03-03 09:16")
    assert [now_of(row).priority for row in (plain, vip, late)] == [0, 10, 10]
    ready(person("jia"), "03-03 09:17")
    route_waiting(at("03-03 09:17"))
    assert [holder(row) for row in (plain, vip, late)] == ["jia", "jia", ""]


def requeue_with_topic(conversation: Conversation, topic: str, when: str) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(facts={"topic": topic})
    requeue(conversation, "desk", now=at(when), by="system")


@pytest.mark.parametrize("clauses", [(), (clause(strategy="manual"),)])
def test_however_many_wait_under_a_handbook_that_chooses_nobody_they_are_not_gone_through(
    clauses: tuple[dict[str, Any], ...], django_assert_num_queries: Any
) -> None:
    installed(*clauses)
    ready(person("yi"), "03-03 08:50")
    rows = waiting(30)
    with django_assert_num_queries(6):  # the queues; one transaction with its lock, and the head of the queue twice
        assert route_waiting(at("03-03 09:01")) == 0
    version = installed(PICK)
    Conversation.objects.filter(pk=rows[7].pk).update(version_id=version.pk)
    assert route_waiting(at("03-03 09:02")) == 1
    assert holder(rows[7]) == "yi"


def test_without_a_clause_it_waits_until_somebody_takes_it() -> None:
    installed()
    ready(person("jia"))
    (one,) = waiting(1)
    assert route_waiting(at("03-03 09:01")) == 0
    assert now_of(one).state == "waiting"


def test_who_does_not_take_this_medium_is_not_offered_it() -> None:
    installed(PICK)
    ready(person("jia"), media=["email"])
    (one,) = waiting(1)
    assert route_waiting(at("03-03 09:01")) == 0
    assert now_of(one).state == "waiting"


def test_a_full_chat_desk_still_gets_its_mail() -> None:
    installed(PICK)
    ready(person("jia"))
    waiting(3)
    mail = asked(inbox_of("email", "box"), who="somebody@example.com", when="03-03 09:00:30")
    assert route_waiting(at("03-03 09:01")) == 3
    assert holder(mail) == "jia"


def test_the_one_who_waits_is_told_its_place_again_and_again() -> None:
    installed(clause(none_free={"announce": "60s"}))
    jia = ready(person("jia"), "03-03 08:59:30")
    rows = waiting(4)
    look_after(at("03-03 09:00:10"))
    assert Message.objects.filter(side="system").count() == 0
    hear([jia.staff.pk] if jia.staff else [], at("03-03 09:01:00"))
    look_after(at("03-03 09:01:03"))
    told = Message.objects.get(conversation=rows[3], side="system")
    assert told.words == "您前面还有 1 位，请稍候。"
    look_after(at("03-03 09:02:03"))
    assert Message.objects.filter(conversation=rows[3], side="system").count() == 2


def test_after_its_limit_it_overflows_to_another_queue_with_the_time_it_has_waited() -> None:
    other = DESK | {"id": "backup", "title": "示例后备", "answered_by": ["lead"]}
    installed(clause(none_free={"overflow": "120s", "to": "backup"}), queues=[DESK, other])
    lead = ready(person("boss", "lead"), "03-03 09:00")
    (one,) = waiting(1)
    look_after(at("03-03 09:00:01"))
    hear([lead.staff.pk] if lead.staff else [], at("03-03 09:01:55"))
    assert next_moment() == at("03-03 09:02:00")
    look_after(at("03-03 09:02:00"))
    row = now_of(one)
    assert (row.queue, row.waiting_since, holder(one)) == ("backup", at("03-03 09:00:00"), "boss")


def test_after_the_longest_wait_whoever_the_clause_names_is_told_once() -> None:
    installed(clause(none_free={"wait": "180s", "then": [{"notify": "lead"}]}))
    jia = ready(person("jia"), "03-03 08:59:50")
    waiting(3)
    look_after(at("03-03 09:00:05"))
    hear([jia.staff.pk] if jia.staff else [], at("03-03 09:03:00"))
    for moment in ("03-03 09:03:02", "03-03 09:03:03", "03-03 09:03:04"):
        look_after(at(moment))
    told = Notice.objects.filter(kind="warned", clause="TALK-20")
    assert [notice.words["zh"] for notice in told] == [f"会话 {number}：已等到条款规定的最长时间，仍无人接。" for number in
        Conversation.objects.filter(state="waiting").values_list("number", flat=True)]  # fmt: skip


def test_when_nobody_is_there_the_superiors_are_told_once_for_all_who_wait() -> None:
    installed(PICK)
    waiting(3)
    look_after(at("03-03 09:00:05"))
    look_after(at("03-03 09:00:10"))
    notice = Notice.objects.get()
    assert (notice.to, "现在没有人能接" in notice.words["zh"]) == (["talk:lead"], True)
    assert Conversation.objects.filter(alarmed_at__isnull=False).count() == 3


def test_who_is_only_busy_is_no_reason_for_an_alarm() -> None:
    installed(PICK)
    ready(person("jia"), "03-03 08:59:50")
    waiting(3)
    look_after(at("03-03 09:00:05"))
    assert not Notice.objects.exists()


def test_outside_the_hours_of_the_queue_nobody_is_woken() -> None:
    hours = {"id": "day", "title": "示例", "weekly": {"mon-sat": ["09:00-18:00"]}}
    installed(PICK, queues=[DESK | {"calendar": "day"}], calendars=[hours])
    waiting(1, first="03-03 22:00")
    look_after(at("03-03 22:01"))
    assert not Notice.objects.exists()


def test_the_wait_is_reckoned_from_the_handling_times_measured_here() -> None:
    installed(PICK)
    jia = ready(person("jia"))
    rows = waiting(5)
    for row in rows[:2]:
        accept(row, jia, now=at("03-03 09:01"))
        close(row, by="system", now=at("03-03 09:05"))
    place = place_of(now_of(rows[4]), at("03-03 09:05"))
    assert place is not None
    assert (place.ahead, place.seconds) == (2, 360)


def test_without_anybody_there_no_wait_is_promised() -> None:
    installed(PICK)
    (one,) = waiting(1)
    place = place_of(one, at("03-03 09:05"))
    assert place is not None
    assert (place.ahead, place.seconds) == (0, None)


def test_a_declined_offer_goes_to_another_at_once() -> None:
    installed(PICK)
    ready(person("jia"), "03-03 08:30")
    ready(person("yi"), "03-03 08:50")
    (one,) = waiting(1)
    route_waiting(at("03-03 09:00:00"))
    end_offer(now_of(one), now=at("03-03 09:00:03"), declined=True)
    route_waiting(at("03-03 09:00:03"))
    assert holder(one) == "yi"


def test_who_goes_gives_back_what_he_was_offered(django_capture_on_commit_callbacks: Any) -> None:
    installed(PICK)
    jia = ready(person("jia"))
    (one,) = waiting(1)
    route_waiting(at("03-03 09:00:00"))
    assert jia.staff is not None
    with django_capture_on_commit_callbacks(execute=True):
        enter_state(jia.staff, "away", now=at("03-03 09:00:05"), by=jia.principal)
    row = now_of(one)
    assert (row.state, row.waiting_since) == ("waiting", at("03-03 09:00:00"))


def test_what_is_committed_is_looked_at_without_a_worker(django_capture_on_commit_callbacks: Any) -> None:
    installed(PICK)
    ready(person("jia"))
    with django_capture_on_commit_callbacks(execute=True):
        (one,) = waiting(1)
    assert holder(one) == "jia"


def test_where_nobody_can_take_it_what_the_clause_says_follows_for_each_and_is_told_once() -> None:
    installed(clause(otherwise=[{"notify": "agent"}, {"finding": "left_alone"}]))
    waiting(2)
    look_after(at("03-03 09:00:05"))
    look_after(at("03-03 09:00:10"))
    [told] = Notice.objects.all()
    assert (told.to, told.clause) == (["talk:agent", "talk:lead"], "TALK-20")
    found = Fact.objects.filter(type="conversation.finding").order_by("id")
    assert [(fact.payload["finding"], fact.clauses) for fact in found] == [("left_alone", ["TALK-20"])] * 2


def test_who_is_only_busy_brings_nothing_of_what_follows_where_nobody_can_take_it() -> None:
    installed(clause(otherwise=[{"finding": "left_alone"}]))
    ready(person("jia"), "03-03 08:59:50")
    waiting(3)
    look_after(at("03-03 09:00:05"))
    assert Fact.objects.filter(type="conversation.finding").count() == 0
