"""Consents over the API: the same turn, the same reasons and the same end as on the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from zhike.cases.tests.test_asking import FORM, NOON, House
from zhike.lib import clock
from zhike.org.actions import add_staff
from zhike.org.handbooks import viewer
from zhike.web.api.scopes import SCOPES
from zhike.web.api.tests.program import Program
from zhike.web.api.tokens import create_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    before = clock.install(lambda: NOON)
    yield House()
    clock.install(before)


def program(house: House, who: str) -> Program:
    if "admin" not in house.people:
        house.people["admin"] = add_staff(username="admin", name="示例管理员", is_admin=True, by="system", now=NOON)
    _, secret = create_token(
        name="示例对接", owner=house.people[who], scopes=SCOPES, expires_at=NOON + dt.timedelta(days=1),
        by=viewer(house.people["admin"]), now=NOON,
    )  # fmt: skip
    return Program(secret)


def ask(house: House) -> int:
    sent = program(house, "clerk").post(
        f"/cases/{house.case.number}/actions/release", {"values": FORM}, key="order-0001"
    )
    assert sent.status_code == 202
    number: int = sent.json()["consent"]
    return number


def test_an_action_that_needs_consent_is_accepted_and_waits(house: House) -> None:
    number = ask(house)
    assert house.stage() == "open"
    found = program(house, "manager").get("/consents").json()
    [waiting] = found["awaiting"]
    assert (waiting["id"], waiting["values"], waiting["clauses"], waiting["yours"]) == (number, FORM, ["REL-01"], True)
    assert program(house, "clerk").get("/consents").json()["mine"][0]["state"] == "waiting"
    assert program(house, "chief").get("/consents").json() == {"awaiting": [], "mine": []}


def test_the_same_order_sent_again_asks_once(house: House) -> None:
    clerk, path = program(house, "clerk"), f"/cases/{house.case.number}/actions/release"
    answers = [clerk.post(path, {"values": FORM}, key="order-0001") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    again = clerk.post(path, {"values": FORM}, key="order-0002")
    assert (again.status_code, again.json()["detail"]) == (422, "同样的办理已经提交，正在等待同意。")


def test_the_last_consent_carries_it_out(house: House) -> None:
    number = ask(house)
    assert program(house, "manager").post(f"/consents/{number}", {"agree": True}).json()["state"] == "waiting"
    assert program(house, "chief").post(f"/consents/{number}", {"agree": True}).json()["state"] == "done"
    assert house.stage() == "out"


def test_declining_needs_a_reason(house: House) -> None:
    number, manager = ask(house), program(house, "manager")
    refused = manager.post(f"/consents/{number}", {"agree": False})
    assert (refused.status_code, refused.json()["fields"]) == (422, {"words": ["不同意的，请写明理由。"]})
    assert manager.post(f"/consents/{number}", {"agree": False, "words": "示例"}).json()["state"] == "declined"


def test_what_is_not_ones_turn_is_not_there(house: House) -> None:
    number = ask(house)
    for who in ("clerk", "chief"):
        assert program(house, who).post(f"/consents/{number}", {"agree": True}).status_code == 404
    assert program(house, "manager").post(f"/consents/{number}/withdraw").status_code == 404
    assert program(house, "clerk").post(f"/consents/{number}/withdraw").json()["state"] == "withdrawn"
    assert program(house, "clerk").post(f"/consents/{number}/withdraw").status_code == 404
