"""Whatever stands in an address or a form of these areas: an answer in words, never a fault of ours."""

from __future__ import annotations

import pytest
from django.test import Client

from zhike.records.directory import save_row
from zhike.web.portal import limits
from zhike.web.tests.world import World, retail

HOSTILE = [
    "\0",
    "²",
    "１２",
    "9" * 40,
    "-1",
    "'; --",
    "<script>",
    "\u202e",
    "😀" * 50,
    "%00",
    "../..",
    "{{7*7}}",
    "%s%n",
    " ",
]
GETS = {
    "supervisor": [
        ("/handbook/retail-hotline", ("period", "from", "to", "version")),
        ("/handbook/retail-hotline/clause/WARN-05", ("case", "version", "period")),
        ("/handbook/retail-hotline/clause/WARN-05/uses", ("outcome", "before", "from", "to", "version")),
        ("/lookup/retail-hotline/enquiry_info", ("topic", "q")),
        ("/lookup/retail-hotline/outlet", ("topic", "q")),
        ("/administration/directories/retail-hotline/outlet", ("q", "retired", "after", "label", "undo")),
    ],
    "boss": [
        ("/administration/staff", ("q", "state", "after")),
        ("/administration/departments/add", ("parent", "kind")),
        ("/administration/messages", ("before", "state")),
    ],
    "": [("/portal/follow", ("number",)), ("/portal/case", ("sent",)), ("/welcome", ("x",))],
}
POSTS = {
    "supervisor": [
        ("/administration/directories/retail-hotline/outlet/add",
         ("name", "contact_phone", "district", "counter_phones__0__phone", "seen")),
        ("/lookup/retail-hotline/enquiry_info/missing", ("topic", "q")),
    ],
    "boss": [
        ("/administration/staff/add", ("name", "username", "phone")),
        ("/administration/staff/{staff}", ("name", "phone", "language", "is_admin")),
        ("/administration/staff/{staff}/assign", ("role", "department")),
        ("/administration/staff/{staff}/withdraw", ("assignment",)),
        ("/administration/departments/add", ("code", "name", "kind", "parent", "calendar")),
        ("/administration/departments/{department}", ("name", "calendar")),
    ],
    "": [
        ("/portal/follow", ("number", "phone")),
        ("/portal/file/retail-hotline/service_ticket/file",
         ("caller_name", "caller_phone", "request_kind", "store", "content", "key", "kept", "pictures")),
    ],
}  # fmt: skip


def client_of(world: World, who: str) -> Client:
    return world.signed_in(who) if who else Client()


@pytest.mark.parametrize(("who", "address", "names"), [(who, *each) for who, found in GETS.items() for each in found])
def test_addresses(world: World, who: str, address: str, names: tuple[str, ...]) -> None:
    row = {"topic": "job", "subject": "示例", "answer": "示例"}
    save_row(retail(), "enquiry_info", row, by=world.viewer("supervisor"), now=world.now)
    client = client_of(world, who)
    for value in HOSTILE:
        for name in names:
            answer = client.get(address, {name: value})
            assert answer.status_code < 500, (name, value)
            assert b'<script>"' not in answer.content


@pytest.mark.parametrize(("who", "address", "names"), [(who, *each) for who, found in POSTS.items() for each in found])
def test_forms(world: World, who: str, address: str, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for allowance in (limits.FILE, limits.WRITE):
        monkeypatch.setattr(allowance, "most", 10_000)
    filled = {"name": "甲", "code": "c-1", "kind": "hotline_center", "caller_name": "甲", "caller_phone": "13800001234",
              "request_kind": "question", "content": "问", "number": "N-1", "phone": "13800001234"}  # fmt: skip
    place = address.format(staff=world.staff["agent"].pk, department=world.departments["store-1"].pk)
    client = client_of(world, who)
    for value in HOSTILE:
        for name in names:
            assert client.post(place, {**filled, name: value}).status_code < 500, (name, value)


@pytest.mark.parametrize(
    "address",
    [
        "/portal/link/%00" + "a" * 40, "/portal/case/file/" + "%00" * 43, "/portal/file/x%00/y/z", "/portal/case/act/%00",
        "/handbook/retail-hotline/clause/%00", "/handbook/%00", "/lookup/retail-hotline/%00", "/administration/password/%00/x",
        "/administration/staff/99999999999999999999", "/administration/departments/99999999999999999999",
        "/administration/directories/retail-hotline/outlet/99999999999999999999",
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_there(world: World, address: str) -> None:
    for who in ("boss", "supervisor", ""):
        assert client_of(world, who).get(address).status_code < 500
