"""What a form still lacks, on the page of the case, in its form, in the timeline and on paper."""

from __future__ import annotations

import pytest

from zhike.cases.tests.test_completeness import LATER, house
from zhike.cases.tests.trial import NOON
from zhike.web.case_page.tests.test_what_follows import page, reader

pytestmark = pytest.mark.django_db


def test_the_page_says_what_is_lacking_until_it_is_there_and_the_form_goes_on_where_it_was_left() -> None:
    trial = house()
    case = trial.opened()
    trial.act(case, "write", "clerk", NOON, found="示例经过如下")
    client = reader(trial, "clerk")
    shown = page(client, case)
    assert "还缺：示例原因、示例证明" in shown
    assert "当时还缺：示例原因、示例证明" in shown
    form = client.get(f"/cases/{case.number}/actions/write", headers={"HX-Request": "true"}).content.decode()
    assert "示例经过如下" in form
    assert form.count("可以以后补，补了才算完整") == 2
    assert "还缺" in client.get(f"/cases/{case.number}/print").content.decode()
    english = page(reader(trial, "clerk", "en"), case)
    assert "Still lacking: Sample cause, Sample proof" in english
    trial.act(case, "write", "clerk", LATER, found="示例经过如下", cause="示例", proof="示例")
    shown = page(reader(trial, "clerk"), case)
    assert "还没写全" not in shown
    assert shown.count("还缺") == 1
    form = client.get(f"/cases/{case.number}/actions/write", headers={"HX-Request": "true"}).content.decode()
    assert "示例经过如下" not in form
