"""A start prepares again exactly when that could have an effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.web.cli import prepared
from zhike.web.cli.postgres import Embedded


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Embedded:
    """The server of a data folder that was prepared; nothing runs."""
    monkeypatch.setenv("ZHIKE_HOME", str(tmp_path))
    monkeypatch.setattr(prepared, "PACKAGE", tmp_path / "product")
    (tmp_path / "product").mkdir()
    (tmp_path / "product" / "models.py").write_text("first")
    (tmp_path / "static").mkdir()
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("18")
    server = Embedded(tmp_path)
    prepared.mark_prepared(server)
    return server


def test_a_prepared_folder_is_recognised(server: Embedded) -> None:
    assert prepared.is_prepared(server)


def test_a_changed_product_is_prepared_again(server: Embedded, tmp_path: Path) -> None:
    (tmp_path / "product" / "models.py").write_text("second version")
    assert not prepared.is_prepared(server)


def test_a_new_cluster_is_prepared(server: Embedded) -> None:
    (server.data / "PG_VERSION").unlink()
    (server.data / "PG_VERSION").write_text("18")
    assert not prepared.is_prepared(server)


@pytest.mark.parametrize(("name", "value"), [("ZHIKE_SANDBOX", "1"), ("HANDBOOK", "property-service")])
def test_another_mode_or_handbook_is_prepared(
    server: Embedded, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert not prepared.is_prepared(server)


def test_a_server_of_somebody_elses_is_always_prepared(server: Embedded) -> None:
    assert not prepared.is_prepared(None)
