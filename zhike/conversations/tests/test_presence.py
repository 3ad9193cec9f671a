"""What somebody is doing: gated, limited, with a reason, never for ever."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.conversations import candidates, shifts
from zhike.conversations.actions import close
from zhike.conversations.draining import look_after, next_moment
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Presence, PresencePeriod
from zhike.conversations.presence import ask_state, enter_state, hear
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.releasing import hand_over_all, release
from zhike.conversations.routing import route_waiting
from zhike.conversations.tests.ground import DESK, PICK, asked, at, inbox_of, installed, person, ready
from zhike.journal.models import ClauseUse
from zhike.notices.models import Notice
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM, Viewer

pytestmark = pytest.mark.django_db

ONE_AT_A_TIME: dict[str, Any] = {
    "kind": "gate", "id": "TALK-30", "title": "示例一次一位", "cites": "1", "quote": "示例", "on": ["presence.enter.not_ready"],
    "requires": {"facts": {"others_not_ready": 0}}, "refuse": {"zh": "已有同事在整理，请稍候。", "en": "A colleague is not ready already."},
}  # fmt: skip
FIFTEEN: dict[str, Any] = {
    "kind": "deadline", "id": "TALK-31", "title": "示例整理十五分钟", "cites": "1", "quote": "示例", "when": {"reason": "rest"},
    "starts": ["presence.not_ready.entered"], "until": ["presence.not_ready.left"], "holder": ["owner"], "within": "15m",
    "breach": [{"notify": "superior"}],
}  # fmt: skip
REASONS = {"not_ready_reason": [{"id": "rest", "title": "示例小休"}, {"id": "notes", "title": "示例整理记录"}]}


def staff_of(viewer: Viewer) -> Staff:
    assert viewer.staff is not None
    return viewer.staff


def rest(viewer: Viewer, when: str, reason: str = "rest") -> Presence:
    return ask_state(staff_of(viewer), "not_ready", now=at(when), by=viewer.principal, reason=reason)


def test_a_second_one_is_refused_by_the_clause_until_the_first_is_back() -> None:
    installed(ONE_AT_A_TIME)
    jia, yi = ready(person("jia")), ready(person("yi"))
    rest(jia, "03-03 10:00")
    with pytest.raises(ConversationRefused, match="已有同事在整理") as refused:
        rest(yi, "03-03 10:05")
    assert refused.value.clause == "TALK-30"
    assert ClauseUse.objects.get(clause="TALK-30", outcome="refused").holder == yi.principal
    ask_state(staff_of(jia), "ready", now=at("03-03 10:10"), by=jia.principal)
    assert rest(yi, "03-03 10:11").state == "not_ready"


@pytest.mark.parametrize("reason", ["", "lunch"])
def test_nobody_is_not_ready_without_a_reason_of_the_list(reason: str) -> None:
    installed(options=REASONS)
    jia = ready(person("jia"))
    with pytest.raises(ConversationRefused, match="请选择整理的原因"):
        rest(jia, "03-03 10:00", reason)


def test_fifteen_minutes_sharp_are_kept_and_a_second_more_is_told_to_the_superior() -> None:
    installed(FIFTEEN)
    jia, yi = ready(person("jia")), ready(person("yi"))
    assert rest(jia, "03-03 10:00").until == at("03-03 10:15")
    ask_state(staff_of(jia), "ready", now=at("03-03 10:15"), by=jia.principal)
    assert Clock.objects.get().state == "kept"
    rest(yi, "03-03 11:00")
    fire_due(at("03-03 11:15:01"))
    told = Notice.objects.get()
    assert (told.to, told.words["zh"]) == ([yi.principal, "talk:lead"], "示例yi：“示例整理十五分钟”已超时。")


def test_another_reason_has_no_limit_where_the_clause_names_none() -> None:
    installed(FIFTEEN)
    assert rest(ready(person("jia")), "03-03 10:00", "notes").until is None


def test_the_history_says_from_when_to_when_and_who_ended_it() -> None:
    installed()
    jia = ready(person("jia"), "03-03 09:00")
    rest(jia, "03-03 10:00")
    enter_state(staff_of(jia), "off", now=at("03-03 10:05"), by=jia.principal)
    rows = PresencePeriod.objects.order_by("began_at").values_list(
        "state", "reason", "began_at", "ended_at", "ended_by"
    )
    assert list(rows) == [
        ("ready", "", at("03-03 09:00"), at("03-03 10:00"), jia.principal),
        ("not_ready", "rest", at("03-03 10:00"), at("03-03 10:05"), jia.principal),
    ]


def test_who_is_not_heard_of_for_ninety_seconds_is_off_and_one_sign_of_life_prevents_it() -> None:
    installed()
    jia, yi = ready(person("jia"), "03-03 09:00:00"), ready(person("yi"), "03-03 09:00:00")
    hear([staff_of(yi).pk], at("03-03 09:01:20"))
    look_after(at("03-03 09:01:30"), listening=True)
    assert Presence.objects.filter(state="ready").count() == 2
    look_after(at("03-03 09:01:31"), listening=True)
    states = dict(Presence.objects.values_list("staff__username", "state"))
    assert states == {"jia": "off", "yi": "ready"}
    assert Presence.objects.get(staff=jia.staff).reason == "silent"


def test_a_parameter_of_the_handbook_says_how_long_silence_may_last() -> None:
    silence = {"id": "presence_silence", "title": "示例", "value": "5m"}
    installed(parameters=[silence])
    ready(person("jia"), "03-03 09:00:00")
    look_after(at("03-03 09:05:00"), listening=True)
    assert Presence.objects.get().state == "ready"
    look_after(at("03-03 09:05:01"), listening=True)
    assert Presence.objects.get().state == "off"


def test_a_sign_of_life_of_who_is_off_brings_nobody_back() -> None:
    installed()
    jia = ready(person("jia"), "03-03 09:00")
    enter_state(staff_of(jia), "off", now=at("03-03 09:10"), by=jia.principal)
    hear([staff_of(jia).pk], at("03-03 09:11"))
    assert Presence.objects.get().state == "off"


def test_after_a_close_comes_the_wrap_up_and_it_ends_by_itself() -> None:
    installed(PICK, queues=[DESK | {"ready_after_close": False, "wrap_up": "60s", "capacity": {"webchat": 1}}])
    jia = ready(person("jia"))
    inbox = inbox_of()
    first, second = asked(inbox, who="v1"), asked(inbox, who="v2")
    route_waiting(at("03-03 09:00:10"))
    accept(first, jia, now=at("03-03 09:00:15"))
    close(first, by=SYSTEM, now=at("03-03 09:10:00"))
    held = Presence.objects.get()
    assert (held.state, held.until) == ("wrap_up", at("03-03 09:11:00"))
    look_after(at("03-03 09:10:59"))
    assert Conversation.objects.get(pk=second.pk).state == "waiting"
    look_after(at("03-03 09:11:00"))
    assert (Presence.objects.get().state, Conversation.objects.get(pk=second.pk).offered_to) == ("ready", jia.staff)


def test_who_holds_no_role_that_answers_a_queue_cannot_be_ready() -> None:
    installed()
    with pytest.raises(ConversationRefused, match="没有要接待的队列"):
        ready(person("bing", "lead"))


def test_what_he_has_in_hand_goes_where_the_clause_says_and_stays_where_none_speaks() -> None:
    back = {
        "kind": "route", "id": "TALK-33", "title": "示例离线交回", "cites": "1", "quote": "示例", "on": ["presence.off.entered"],
        "yields": "queue", "to": "same", "options": {"weight": 5},
    }  # fmt: skip
    installed(PICK, back)
    jia = ready(person("jia"))
    one = asked(inbox_of())
    accept(one, jia, now=at("03-03 09:01"))
    release([staff_of(jia).pk], "presence.away.entered", at("03-03 09:05"))
    assert Conversation.objects.get().owner == jia.staff
    release([staff_of(jia).pk], "presence.off.entered", at("03-03 09:06"))
    row = Conversation.objects.get()
    assert (row.state, row.owner, row.queue, row.priority) == ("waiting", None, "desk", 5)


def test_who_goes_may_name_the_colleague_who_takes_them() -> None:
    installed(PICK)
    jia, yi = ready(person("jia")), ready(person("yi"))
    one = asked(inbox_of())
    accept(one, jia, now=at("03-03 09:01"))
    assert hand_over_all(staff_of(jia), staff_of(yi), now=at("03-03 18:00"), by=jia.principal) == 1
    row = Conversation.objects.get()
    assert (row.owner, row.offered_to) == (jia.staff, yi.staff)


def test_at_the_end_of_the_shift_what_he_has_goes_where_the_clause_says_once(monkeypatch: pytest.MonkeyPatch) -> None:
    over = {
        "kind": "route", "id": "TALK-34", "title": "示例下班交回", "cites": "1", "quote": "示例", "on": ["shift.ended"],
        "yields": "queue", "to": "same",
    }  # fmt: skip
    installed(PICK, over, parameters=[{"id": "off_at_shift_end", "title": "示例", "value": True}])
    monkeypatch.setattr(shifts, "on_shift", lambda _now, people: dict.fromkeys(people, at("03-03 18:00")))
    jia = ready(person("jia"))
    one = asked(inbox_of())
    accept(one, jia, now=at("03-03 09:01"))
    assert next_moment() == at("03-03 18:00")
    look_after(at("03-03 17:59:59"))
    assert Conversation.objects.get().owner == jia.staff
    look_after(at("03-03 18:00"))
    row, held = Conversation.objects.get(), Presence.objects.get()
    assert (row.state, row.owner, held.state, held.reason) == ("waiting", None, "off", "shift_ended")


def test_without_a_clause_the_end_of_a_shift_takes_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(PICK)
    monkeypatch.setattr(shifts, "on_shift", lambda _now, people: dict.fromkeys(people, at("03-03 18:00")))
    jia = ready(person("jia"))
    one = asked(inbox_of())
    accept(one, jia, now=at("03-03 09:01"))
    look_after(at("03-03 18:00"))
    assert (Conversation.objects.get().owner, Presence.objects.get().state) == (jia.staff, "ready")


def test_only_who_is_on_shift_is_chosen_where_the_clause_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(PICK | {"qualified": {"on_shift": True}})
    jia, yi = ready(person("jia")), ready(person("yi"), "03-03 08:50")
    monkeypatch.setattr(candidates, "on_shift", lambda _now, _people: {staff_of(yi).pk: at("03-03 18:00")})
    one = asked(inbox_of())
    route_waiting(at("03-03 09:01"))
    assert (Conversation.objects.get(pk=one.pk).offered_to, jia.staff) == (yi.staff, jia.staff)
