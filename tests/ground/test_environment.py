"""What the environment says."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from zhike import settings
from zhike.web.cli import environment
from zhike.web.cli.environment import BadEnvironment, parse_database_url


def test_a_url_is_taken_apart() -> None:
    assert parse_database_url("postgresql://ann:p%40ss@db.example:5433/desk?sslmode=require") == {
        "NAME": "desk",
        "USER": "ann",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "sslmode": "require",
    }


def test_a_socket_folder_is_a_host() -> None:
    fields = parse_database_url("postgresql://zhike@/zhike?host=%2Fsome%2Ffolder")
    assert (fields["HOST"], fields["PORT"], fields["NAME"]) == ("/some/folder", "", "zhike")


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(BadEnvironment, match="must begin with postgresql://, not mysql://"):
        parse_database_url("mysql://db/desk")


@pytest.mark.parametrize("text", ["", "http", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(BadEnvironment, match="PORT must be a number from 1 to 65535"):
        environment.port()


def test_the_data_folder_is_where_it_is_told_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_HOME", str(tmp_path / "a" / "b"))
    assert environment.make_home() == tmp_path / "a" / "b"
    assert environment.make_home().is_dir()


def test_a_secret_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    place = tmp_path / "secret-key"
    first = settings.kept_secret(place)
    assert settings.kept_secret(place) == first
    assert len(first) >= 60
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_sandbox_keeps_its_data_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZHIKE_HOME", raising=False)
    monkeypatch.delenv("ZHIKE_SANDBOX", raising=False)
    assert environment.home().name == ".zhike"
    monkeypatch.setenv("ZHIKE_SANDBOX", "1")
    assert environment.home().name == ".zhike-sandbox"
