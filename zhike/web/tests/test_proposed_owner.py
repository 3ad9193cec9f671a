"""The form of an action that names an owner comes with whom the clause proposes, and says why."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case
from zhike.cases.tests.test_proposing import CHOICE, NOON, Dispatch
from zhike.lib import clock
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db


def browser(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(viewer.staff, backend="zhike.org.backend.StaffBackend")  # type: ignore[arg-type]
    return client


def test_the_form_comes_with_the_one_proposed_and_whoever_acts_may_choose_another() -> None:
    before = clock.install(lambda: NOON)
    try:
        crew = Dispatch(CHOICE)
        crew.job(crew.buyer, to=crew.yi)
        case = crew.job(crew.buyer)
        client, address = browser(crew.boss), f"/cases/{case.number}/actions/give"
        client.get(address, headers={"HX-Request": "true"})
        with CaptureQueriesContext(connection) as asked:
            page = client.get(address, headers={"HX-Request": "true"})
        (field,) = page.context["form"].fields
        assert (field.value, field.because.clause) == (str(crew.yi.pk), "CREW-09")
        assert field.because.words == "按条款先选 示例yi：这位顾客上一件由他承办。可以改选。"
        assert "CREW-09" in page.text
        assert len(asked) <= 12, [each["sql"] for each in asked]
        client.post(address, {"to": crew.jia.pk, "key": "k1", "version": case.version})
        assert Case.objects.get(pk=case.pk).owner_id == crew.jia.pk
    finally:
        clock.install(before)
