"""A customer files something, without an account."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from zhike.cases.models import Case
from zhike.records.models import Attachment
from zhike.web.portal import limits
from zhike.web.tests.world import World

FILE = "/portal/file/retail-hotline/service_ticket/file"


def picture(name: str = "现场.png") -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue(), "image/png")


def typed(world: World, **more: Any) -> dict[str, Any]:
    return {
        "caller_name": "示例顾客", "caller_phone": "138 0000 1234", "request_kind": "complaint",
        "store": str(world.departments["store-1"].pk), "content": "收银台排队太久", "key": "one-press", **more,
    }  # fmt: skip


def post(world: World, client: Client | None = None, **more: Any) -> HttpResponse:
    return (client or Client()).post(FILE, typed(world, **more))


def test_the_form_is_the_handbooks_record(world: World) -> None:
    page = Client().get(FILE).content.decode()
    for title in ("您的称呼", "手机号码", "涉及门店", "反映内容", "示例store-1"):
        assert title in page


def test_a_customer_gets_a_number_and_a_link_that_opens_the_case(world: World) -> None:
    client = Client()
    answer = client.post(FILE, typed(world), follow=True)
    case = Case.objects.get()
    assert (case.source, case.stage) == ("portal", "received")
    page = answer.content.decode()
    assert case.number in page
    assert case.portal_token in page
    elsewhere = Client().get(f"/portal/link/{case.portal_token}", follow=True).content.decode()
    assert "收银台排队太久" in elsewhere
    assert "我们已经收到" in elsewhere


def test_a_press_sent_twice_opens_one_case(world: World) -> None:
    post(world)
    post(world)
    assert Case.objects.count() == 1


def test_pictures_come_with_the_case_and_only_its_follower_gets_them(world: World) -> None:
    client = Client()
    client.post(FILE, typed(world, pictures=[picture()]))
    kept = Attachment.objects.get()
    assert (kept.subject_kind, kept.subject_id) == ("case", Case.objects.get().pk)
    shown = client.get(f"/portal/case/file/{kept.token}")
    assert b"".join(shown.streaming_content).startswith(b"\x89PNG")
    shown.close()
    assert shown["Content-Type"] == "image/png"
    assert "sandbox" in shown["Content-Security-Policy"]
    assert Client().get(f"/portal/case/file/{kept.token}").status_code == 404


def test_another_follower_does_not_get_the_picture(world: World) -> None:
    post(world, pictures=[picture()])
    other = Client()
    other.post(FILE, typed(world, key="another", caller_phone="13900001111"))
    assert other.get(f"/portal/case/file/{Attachment.objects.get().token}").status_code == 404


def test_an_internal_file_is_not_there_for_the_customer(world: World) -> None:
    client = Client()
    client.post(FILE, typed(world, pictures=[picture()]))
    Attachment.objects.update(internal=True)
    assert client.get(f"/portal/case/file/{Attachment.objects.get().token}").status_code == 404
    assert "现场.png" not in client.get("/portal/case").content.decode()


def test_everything_wrong_is_said_at_once_and_what_was_sent_is_kept(world: World) -> None:
    client = Client()
    answer = client.post(FILE, typed(world, caller_phone="12", content="", pictures=[picture()]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "电话号码不对" in page
    assert "请填写“反映内容”" in page
    assert "示例顾客" in page
    token = Attachment.objects.get().token
    assert token in page
    client.post(FILE, typed(world, kept=[token]))
    assert Attachment.objects.get().subject_id == Case.objects.get().pk


def test_a_picture_that_is_none_is_refused_in_words(world: World) -> None:
    answer = post(world, pictures=[SimpleUploadedFile("photo.png", b"<script>alert(1)</script>", "image/png")])
    assert answer.status_code == 422
    assert "不是图片" in answer.content.decode()
    assert Case.objects.count() == 0


def test_a_hidden_htaccess_is_stored_under_a_harmless_name(world: World) -> None:
    post(world, pictures=[picture("\u200b.htaccess")])
    assert not Attachment.objects.get().name.startswith(".")


@pytest.mark.parametrize(
    "attack", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=HYPERLINK(1)", "{{7*7}}"]
)
def test_markup_and_formulas_show_as_text(world: World, attack: str) -> None:
    client = Client()
    client.post(FILE, typed(world, caller_name=attack[:40], content=attack))
    for address in ("/portal/case", "/portal/filed"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert attack in client.get("/portal/case").context["p"].entries[0].filled[-1][1]


def test_fields_of_the_house_cannot_be_slipped_in(world: World) -> None:
    post(world, owner="1", department="2", stage="closed", is_sample="true", service_class="complaint")
    case = Case.objects.get()
    assert (case.stage, case.owner, case.is_sample) == ("received", None, False)
    assert "service_class" not in case.data["portal_request"]


def test_somebody_signed_in_as_staff_files_as_a_customer(world: World) -> None:
    client = world.signed_in("agent")
    client.post(FILE, typed(world))
    assert Case.objects.get().owner is None


def test_a_flood_from_one_address_is_slowed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.FILE, "most", 2)
    assert [post(world, key=str(n)).status_code for n in range(3)] == [302, 302, 429]


def test_what_is_not_open_to_customers_is_not_there(world: World) -> None:
    assert Client().get("/portal/file/retail-hotline/service_ticket/register").status_code == 404
    assert Client().get("/portal/file/retail-hotline/complaint_warning/open_warning").status_code == 404
