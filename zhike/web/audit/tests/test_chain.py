"""The chain from the page: begun by a press, its progress, what a whole and what a broken one look like."""

from __future__ import annotations

import re

from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from zhike.journal.models import Fact, Seal
from zhike.journal.seals import seal_all
from zhike.journal.stream import sequence_all
from zhike.web.audit.checking import carry_out
from zhike.web.models import ChainCheck
from zhike.web.tests.world import World

CHAIN = "/administration/journal/chain"


def sealed(world: World) -> None:
    for _ in range(3):
        world.ticket()
        sequence_all()
        seal_all()


def checked(world: World, expect: str = "") -> str:
    """The page after a check that was asked for and carried out."""
    boss = world.signed_in("boss")
    assert boss.post(CHAIN, {"expect": expect}).status_code == 302
    assert ProcrastinateJob.objects.filter(task_name="web.check_chain").exists()
    waiting = boss.get(CHAIN).content.decode()
    assert "正在校验" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    carry_out(ChainCheck.objects.latest("pk").pk, now=lambda: world.now)
    return boss.get(CHAIN).content.decode()


def test_a_whole_chain_is_said_to_be_whole_with_its_head(world: World) -> None:
    sealed(world)
    head = Seal.objects.latest("last").digest
    page = checked(world, expect=head)
    assert "校验通过" in page
    assert head in page
    assert "every 1s" not in page
    fact = Fact.objects.get(type="journal.checked")
    assert (fact.payload["ok"], fact.payload["head"]) == (True, head)


def test_a_broken_link_is_shown_with_its_neighbours_and_leads_to_its_facts(world: World) -> None:
    sealed(world)
    first, second, third = Seal.objects.order_by("last")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_fact DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE journal_fact SET actor = 'staff:999' WHERE id = (SELECT fact_id FROM journal_stream WHERE position = %s)",
            [second.first],
        )
        cursor.execute("ALTER TABLE journal_fact ENABLE TRIGGER USER")
    page = checked(world)
    assert "断在这里" in page
    assert "封存过的事实被改动了" in page
    links = re.findall(r"positions=(\d+-\d+)", page)
    assert links == [f"{seal.first}-{seal.last}" for seal in (first, second, third)]
    assert Fact.objects.get(type="journal.checked").payload["ok"] is False


def test_a_digest_that_is_not_in_the_chain_any_more_breaks_it(world: World) -> None:
    sealed(world)
    assert "记下的摘要不在链上" in checked(world, expect="a" * 64)


def test_nonsense_for_a_digest_comes_back_with_words(world: World) -> None:
    answer = world.signed_in("boss").post(CHAIN, {"expect": "abc"})
    assert answer.status_code == 422
    assert "64 位" in answer.content.decode()
    assert 'value="abc"' in answer.content.decode()
    assert not ChainCheck.objects.exists()


def test_a_check_carried_out_twice_says_it_once(world: World) -> None:
    sealed(world)
    checked(world)
    carry_out(ChainCheck.objects.get().pk, now=lambda: world.now)
    assert Fact.objects.filter(type="journal.checked").count() == 1
