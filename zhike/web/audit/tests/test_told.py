"""What a line of the journal tells whom: details by the gate of its subject, a link only to a page that opens."""

from __future__ import annotations

from zhike.conversations.events import ReplySaved
from zhike.journal.actions import NewFact, record
from zhike.journal.models import Fact
from zhike.web.audit.access import told_in_full
from zhike.web.audit.rows import rows_of
from zhike.web.tests.world import World


def test_a_fact_of_no_gate_is_told_in_full_to_whom_it_was_told(world: World) -> None:
    agent = world.viewer("agent")
    record([NewFact(ReplySaved("示例", False), world.now, ("reply", 1), agent.principal, audience=[agent.principal])])
    fact = Fact.objects.get(subject_kind="reply")
    told = {who: told_in_full(world.viewer(who), [fact]) for who in ("agent", "supervisor", "boss")}
    assert told == {"agent": {fact.pk}, "supervisor": set(), "boss": set()}


def test_a_line_about_a_person_leads_only_administrators_to_his_page(world: World) -> None:
    fact = Fact.objects.filter(subject_kind="staff").latest("pk")
    found = {who: rows_of(world.viewer(who), [fact])[0] for who in ("supervisor", "boss")}
    assert {who: bool(row.url) for who, row in found.items()} == {"supervisor": False, "boss": True}
    assert {who: row.details is None for who, row in found.items()} == {"supervisor": True, "boss": False}
