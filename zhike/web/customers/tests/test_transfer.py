"""Files in and out through the pages."""

import re
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from zhike.customers.models import Customer, ImportRun
from zhike.customers.profile import Draft, add_customer
from zhike.customers.tasks import import_customers
from zhike.lib import clock
from zhike.web.tests.world import NINE, World, in_time_of

pytestmark = pytest.mark.django_db
CONTENT = "姓名,手机号\n示例王,13800138000\n示例李,12\n"


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    before = in_time_of(world)
    yield world
    clock.install(before)


def upload(client, content: str = CONTENT):
    file = SimpleUploadedFile("客户.csv", content.encode(), content_type="text/csv")
    return client.post("/customers/imports", {"file": file})


def test_a_file_is_looked_at_started_followed_and_its_faults_downloaded(world):
    chief = world.signed_in("supervisor")
    page = upload(chief).url
    looked = chief.get(page).content.decode()
    assert "示例王" in looked
    assert "电话号码读不懂" in looked
    assert chief.post(page, {"deed": "start", "column-0": "name", "column-1": "name"}).status_code == 302
    assert ImportRun.objects.get().state == "waiting"
    chief.post(page, {"deed": "start", "column-0": "name", "column-1": "phone"})
    chief.post(page, {"deed": "pause"})
    assert "已暂停" in chief.get(page).content.decode()
    chief.post(page, {"deed": "resume"})
    import_customers(ImportRun.objects.get().pk)
    assert "已完成" in chief.get(page).content.decode()
    assert Customer.objects.get().name == "示例王"
    faults = chief.get(f"{page}/faults")
    assert faults["Content-Disposition"].startswith("attachment")
    assert "示例李" in faults.content.decode("utf-8-sig")
    chief.cookies["django_language"] = "en"
    for path in (page, "/customers/imports"):
        body = chief.get(path).content.decode().partition("<main")[2].partition("</main>")[0]
        assert re.findall(r"[\u4e00-\u9fff]+", body.replace("客户.csv", "")) == []


def test_what_is_no_table_is_refused_in_words(world):
    answer = upload(world.signed_in("supervisor"), "")
    assert (answer.status_code, ImportRun.objects.count()) == (422, 0)


def test_bringing_files_is_for_those_who_answer_for_the_archive(world):
    page = upload(world.signed_in("supervisor")).url
    agent = world.signed_in("agent")
    for path in ("/customers/imports", page, f"{page}/faults"):
        assert agent.get(path).status_code == 404
        assert world.signed_in("manager1").get(path).status_code == 403
    assert upload(agent).status_code == 404


def test_an_export_is_what_the_list_shows(world):
    add_customer(Draft(name="示例王", phones=("13800138000",)), by="staff:1", now=NINE)
    answer = world.signed_in("agent").post("/customers/export?kind=person")
    assert answer.status_code == 200
    assert answer.content[:2] == b"PK"
    assert world.signed_in("manager1").post("/customers/export").status_code == 403
