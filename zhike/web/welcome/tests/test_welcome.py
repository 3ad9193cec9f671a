"""The first page: the sample password never leaves this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from zhike.conversations.tests.ground import installed
from zhike.org.models import Staff
from zhike.web.tests.world import World

SECRET = "k7mp-q2xd-3fgh-9wrt"


@pytest.fixture
def sample(world: World, settings: Settings, tmp_path: Path) -> World:
    settings.ZHIKE_HOME = tmp_path
    (tmp_path / "sample-password.txt").write_text(f"{SECRET}\n")
    Staff.objects.filter(username="agent").update(is_sample=True)
    return world


def test_without_a_sample_visitors_sign_in(world: World) -> None:
    assert Client().get("/welcome")["Location"] == "/sign-in"


def test_on_this_machine_the_page_says_whom_to_sign_in_as(sample: World) -> None:
    page = Client().get("/welcome").content.decode()
    assert SECRET in page
    assert "示例agent" in page
    assert "supervisor" not in page  # only samples are listed


@pytest.mark.parametrize(
    "request_of",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
)
def test_from_elsewhere_the_password_is_not_shown(sample: World, request_of: dict[str, str]) -> None:
    page = Client(**request_of).get("/welcome").content.decode()
    assert SECRET not in page
    assert "示例agent" in page


def test_when_the_samples_are_disabled_the_page_is_gone(sample: World) -> None:
    Staff.objects.filter(is_sample=True).update(is_active=False)
    assert Client().get("/welcome")["Location"] == "/sign-in"


def test_what_to_try_follows_from_the_handbook(sample: World, settings: Settings) -> None:
    page = Client().get("/welcome").content.decode()
    assert ("当一回顾客" in page, "看预警台" in page, "当一回访客" in page) == (True, True, False)
    settings.SANDBOX = True
    installed()
    assert "当一回访客" in Client().get("/welcome").content.decode()
