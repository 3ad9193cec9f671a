"""A partner's subscription hears of his own department, never what every department of the kind is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from zhike.cases.events import CaseClosed
from zhike.cases.models import Case
from zhike.journal.actions import NewFact, record
from zhike.journal.stream import sequence_all
from zhike.lib import clock
from zhike.org.principals import role_key
from zhike.web.tests.franchise import Franchise
from zhike.webhooks.actions import Wish, create_subscription
from zhike.webhooks.delivering import take
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.spreading import spread
from zhike.webhooks.tests.hooks import WALL


@pytest.fixture
def house(db: None) -> Iterator[Franchise]:
    made = Franchise()
    before = clock.install(made.read)
    yield made
    clock.install(before)


@pytest.fixture
def hook(house: Franchise) -> Subscription:
    wish = Wish("示例对接", "https://hooks.example.com/", house.staff["partner1"], ("case.closed", "case.action_taken"))
    return create_subscription(wish, [], by=house.viewer("admin"), now=house.now)[0]


def closed(case: Case, *audience: str) -> None:
    with transaction.atomic():
        record([NewFact(CaseClosed(case.number), case.opened_at, ("case", case.pk), "system", audience=audience)])
    sequence_all()


def test_a_partner_hears_of_the_case_sent_to_him_and_of_no_other(house: Franchise, hook: Subscription) -> None:
    house.sent("franchise-1", "示例：甲店多收钱", "13800000011")
    his = house.sent("partner-1", "示例：师傅没来", "13800000022")
    closed(his, *his.audience)
    while spread(house.now, WALL):
        pass
    assert set(Delivery.objects.values_list("subject_id", flat=True)) == {his.pk}


def test_what_all_departments_of_the_kind_are_told_is_not_told_to_a_partner(
    house: Franchise, hook: Subscription
) -> None:
    his = house.sent("partner-1", "示例：师傅没来", "13800000022")
    every_store = role_key("repair-franchise", "store_head")
    Subscription.objects.update(kinds=["case.closed"])
    closed(his, every_store)
    while spread(house.now, WALL):
        pass
    assert not Delivery.objects.exists()
    Delivery.objects.create(
        subscription=hook, kind="case.closed", subject_kind="case", subject_id=his.pk, audience=[every_store], body="{}",
        at=WALL, next_at=WALL,
    )  # fmt: skip
    assert take(hook.pk, house.now, WALL) == []
    assert Delivery.objects.get().state == "withheld"
