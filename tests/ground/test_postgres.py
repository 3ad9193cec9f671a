"""The embedded PostgreSQL starts from nothing, from a crash and from whatever a start before left."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from zhike.web.cli.postgres import Embedded, PostgresError, socket_folder

pytestmark = pytest.mark.embedded
QUICK = {"fsync": "off", "shared_buffers": "1MB", "max_connections": "20"}


Make = Callable[..., Embedded]


@pytest.fixture
def embedded() -> Iterator[Make]:
    """Servers of one data folder, which lies outside pytest's own: that is closed to the user the server runs as."""
    folder = Path(tempfile.mkdtemp(prefix="zhike-test-"))
    folder.chmod(0o711)
    made: list[Embedded] = []

    def make(**options: str) -> Embedded:
        made.append(Embedded(folder, {**QUICK, **options}))
        return made[-1]

    yield make
    for server in made:
        server.stop()
    shutil.rmtree(folder)


def one(server: Embedded, sql: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(sql).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None


def keep(server: Embedded, number: int) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def test_it_starts_from_nothing_and_keeps_what_it_was_given(embedded: Make) -> None:
    server = embedded()
    server.start()
    keep(server, 42)
    server.stop()
    assert server.running() is None
    again = embedded()
    again.start()
    assert one(again, "SELECT n FROM kept") == 42


def test_it_listens_on_no_network_address(embedded: Make) -> None:
    server = embedded()
    server.start()
    assert one(server, "SHOW listen_addresses") == ""
    assert server.socket_folder.stat().st_mode & 0o077 == 0


def test_a_second_start_finds_the_running_server(embedded: Make) -> None:
    first = embedded()
    first.start()
    second = embedded()
    second.start()
    assert second.running() == first.running()
    assert second.process is None
    second.stop()
    assert first.running() is None


def test_what_was_committed_survives_a_killed_server(embedded: Make) -> None:
    server = embedded()
    server.start()
    keep(server, 7)
    pid = server.running()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert server.process is not None
    server.process.wait()
    server.start()
    assert one(server, "SELECT n FROM kept") == 7


def test_a_pid_file_that_names_another_process_is_healed(embedded: Make) -> None:
    server = embedded()
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n0\n5432\n\n\n\nready\n")
    server.start()
    assert one(server, "SELECT 1") == 1


def test_a_creation_that_was_interrupted_is_begun_anew(embedded: Make) -> None:
    server = embedded()
    leftover = server.root / "data.new"
    leftover.mkdir(parents=True)
    server.root.chmod(0o755)
    (leftover / "PG_VERSION").write_text("18\n")
    server.start()
    assert one(server, "SELECT 1") == 1


def test_the_last_borrower_stops_it(embedded: Make) -> None:
    first, second = embedded(), embedded()
    with first.borrowed():
        with second.borrowed():
            assert second.running() == first.running()
        assert one(first, "SELECT 1") == 1
    assert first.running() is None


def test_a_cluster_of_another_version_is_refused_with_the_remedy(embedded: Make) -> None:
    server = embedded()
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(PostgresError, match="was made by PostgreSQL 12, installed is 18: restore a backup"):
        server.start()


def test_a_start_that_fails_shows_what_the_server_said(embedded: Make) -> None:
    server = embedded(shared_buffers="much")
    with pytest.raises(PostgresError, match="did not start"):
        server.start()


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    assert socket_folder(Path("/srv/zhike")) == Path("/srv/zhike/run")
    long = Path("/srv") / ("a" * 90)
    assert socket_folder(long).parent == Path(tempfile.gettempdir())
    assert socket_folder(long) == socket_folder(long)
    assert socket_folder(long) != socket_folder(long / "b")
