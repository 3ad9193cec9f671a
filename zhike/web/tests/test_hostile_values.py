"""Addresses and characters that cannot be. Every page and form under every handbook: tests/hostile."""

from __future__ import annotations

import pytest
from django.test import Client

from zhike.cases.models import Case
from zhike.web.tests.world import World


@pytest.mark.parametrize(
    "address",
    [
        "/portal/link/%00" + "a" * 40, "/portal/case/file/" + "%00" * 43, "/portal/file/x%00/y/z", "/portal/case/act/%00",
        "/handbook/retail-hotline/clause/%00", "/handbook/%00", "/lookup/retail-hotline/%00", "/administration/password/%00/x",
        "/administration/staff/99999999999999999999", "/administration/departments/99999999999999999999",
        "/administration/directories/retail-hotline/outlet/99999999999999999999", "/cases/%00", "/conversations/%00",
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_there(world: World, address: str) -> None:
    for client in (world.signed_in("boss"), world.signed_in("supervisor"), Client()):
        assert client.get(address).status_code < 500


def test_a_nul_is_read_as_if_it_were_not_there(world: World) -> None:
    """No column keeps one: asked for as it came, it would be a failure of the database."""
    number = world.ticket().number
    agent = world.signed_in("agent")
    assert number in agent.get("/desk", {"case": f"{number[:3]}\0{number[3:]}"}).content.decode()
    assert agent.get("/desk", {"case": "\0", "\0case": "\0"}).status_code == 200
    assert agent.get("/lookup/retail-hotline/outlet", {"q": "\0", "topic": "\0"}).status_code == 200
    sent = {"caller_phone": "13800000101", "service_class": "qu\0ery", "query_item": "price", "content": "示例：\0问价"}
    assert agent.post("/desk/new/retail-hotline/service_ticket/register", sent).status_code == 302
    assert Case.objects.latest("pk").data["service_ticket"]["content"] == "示例：问价"
