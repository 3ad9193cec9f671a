"""The page of notices: what repeats itself in one line, what is due next first, marked as read and taken back."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from zhike.cases.models import Case
from zhike.handbook.common import Text
from zhike.notices.actions import Tell, tell
from zhike.notices.models import Reading
from zhike.notices.queries import count_unread
from zhike.org.principals import staff_key
from zhike.web.tests.world import World


def tells(world: World, case: Case, *, who: str = "agent", clause: str = "WARN-05", times: int = 1) -> None:
    to = [staff_key(world.staff[who].pk)]
    words = Text(zh=f"示例提醒 {case.number}", en=f"Sample reminder {case.number}")
    tell([Tell(world.now, to, "warned", clause, "retail-hotline", ("case", case.pk), words)] * times)


def numbers_above(page: str) -> list[str]:
    """The headings of the blocks, in their order."""
    return re.findall(r'<h2 id="m-\d+">(?:<a [^>]*>)?([^<]+)', page)


def blocks(world: World) -> tuple[Case, Case, Client]:
    """Of two warnings the first is due sooner; the agent has read nothing, the first one's reminder came four times."""
    soon = world.warning()
    world.later(10)
    late = world.warning("store-2")
    agent = world.signed_in("agent")
    agent.post("/notices/read", {"upto": "99999999"})
    world.later(1)
    tells(world, late)
    tells(world, soon, times=4)
    return soon, late, agent


def test_each_matter_has_a_block_what_is_due_next_comes_first_and_repetitions_are_one_line(world: World) -> None:
    soon, late, agent = blocks(world)
    page = agent.get("/notices").content.decode()
    assert numbers_above(page) == [soon.number, late.number]
    first = page.partition(late.number + "</a></h2>")[0]
    assert f'href="/cases/{soon.number}"' in first
    assert "还剩 19 分钟" in first
    assert "4 条通知" in first
    assert "更早的 3 条" in first
    english = world.signed_in("agent").get("/notices", headers={"accept-language": "en"}).content.decode()
    assert "3 earlier ones" in english


def test_one_matter_is_marked_and_taken_back_without_the_others(world: World) -> None:
    soon, late, agent = blocks(world)
    upto = str(10**9)
    page = agent.post("/notices/read", {"upto": upto, "subject": f"case:{soon.pk}"}, follow=True)
    assert numbers_above(page.content.decode()) == [late.number]
    assert "4 条已标为已读。" in page.content.decode()
    agent.post("/notices/read", {"upto": upto, "subject": f"case:{late.pk}"})
    assert count_unread(world.viewer("agent")) == 0
    marked = re.search(r'name="marked" value="(\d+)"', page.content.decode())
    assert marked
    back = agent.post("/notices/again", {"marked": marked[1], "subject": f"case:{soon.pk}"}, follow=True)
    assert numbers_above(back.content.decode()) == [soon.number]


def test_all_are_marked_and_taken_back_and_what_was_read_before_stays_read(world: World) -> None:
    _, _, agent = blocks(world)
    read_before = Reading.objects.count()
    page = agent.post("/notices/read", {"upto": str(10**9)}, follow=True).content.decode()
    assert "没有未读的通知" in page
    assert "5 条已标为已读。" in page
    marked = re.search(r'name="marked" value="(\d+)"', page)
    assert marked
    agent.post("/notices/again", {"marked": marked[1], "subject": ""})
    assert count_unread(world.viewer("agent")) == 5
    assert Reading.objects.count() == read_before


def test_nobody_takes_back_what_a_colleague_marked_at_the_same_moment(world: World) -> None:
    soon, _, agent = blocks(world)
    tells(world, soon, who="supervisor")
    page = world.signed_in("supervisor").post("/notices/read", {"upto": str(10**9)}, follow=True).content.decode()
    marked = re.search(r'name="marked" value="(\d+)"', page)
    assert marked
    agent.post("/notices/again", {"marked": marked[1]})
    assert count_unread(world.viewer("supervisor")) == 0


def test_what_came_after_the_page_was_drawn_stays_unread(world: World) -> None:
    soon, _, agent = blocks(world)
    upto = re.search(r'name="upto" value="(\d+)"', agent.get("/notices").content.decode())
    assert upto
    tells(world, soon)
    agent.post("/notices/read", {"upto": upto[1]})
    assert count_unread(world.viewer("agent")) == 1


def test_a_case_out_of_sight_gives_neither_number_nor_time(world: World) -> None:
    soon = world.warning()
    tells(world, soon, who="outsider")
    page = world.signed_in("outsider").get("/notices").content.decode()
    assert f"/cases/{soon.number}" not in page
    assert "还剩" not in page
    assert numbers_above(page) == ["通知"]


def test_everything_stands_in_one_list_newest_first_with_what_is_unread_named(world: World) -> None:
    soon, _, agent = blocks(world)
    page = agent.get("/notices?kind=all").content.decode()
    assert page.count("zk-unread") == 5
    assert page.count(f'href="/cases/{soon.number}"') >= 4


@pytest.mark.parametrize("subject", ["staff:1", "case:", "case:x", "case:" + "9" * 40])
def test_a_subject_nobody_means_marks_nothing(world: World, subject: str) -> None:
    _, _, agent = blocks(world)
    assert agent.post("/notices/read", {"upto": str(10**9), "subject": subject}).status_code == 302
    assert count_unread(world.viewer("agent")) == 5


@pytest.mark.parametrize("marked", ["", "x", "-1", "9" * 16, "9" * 17, "\0"])
def test_a_moment_nobody_means_takes_nothing_back(world: World, marked: str) -> None:
    _, _, agent = blocks(world)
    assert agent.get(f"/notices?marked={marked}").status_code == 200
    assert agent.post("/notices/again", {"marked": marked}).status_code == 302
    assert count_unread(world.viewer("agent")) == 5
