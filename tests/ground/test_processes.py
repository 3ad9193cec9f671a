"""Children are started again when they die, and never outlive us."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import free_port, until
from zhike.web.cli.processes import Child, is_alive, name_of, pause_before_restart, stop_all

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()",
]


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (6, 15.0), (500, 15.0)])
def test_the_pause_grows_to_a_limit(deaths: int, seconds: float) -> None:
    assert pause_before_restart(deaths) == seconds


def test_a_living_child_is_left_alone() -> None:
    child = Child("sleeper", SLEEPER, os.environ)
    child.start()
    assert child.tend() is None
    stop_all([child])


def test_a_dead_child_is_started_again_after_its_pause() -> None:
    child = Child("sleeper", SLEEPER, os.environ)
    child.start()
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    assert child.tend() == "sleeper ended with code -9; starting it again in 0.5 s"
    assert child.tend() is None
    child.due_at = 0.0
    assert child.tend() == "sleeper started again"
    stop_all([child])


def test_a_child_that_will_not_stop_is_ended() -> None:
    child = Child("stubborn", STUBBORN, os.environ)
    child.start()
    stop_all([child], patience=0.3)
    assert child.process is not None
    assert child.process.returncode in {-signal.SIGKILL, -signal.SIGTERM}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "pid")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.stdout.read()  # ends when the child, which holds the other end, has ended
    parent.wait()
    parent.stdout.close()


PARENT = f"""
import os, signal
from zhike.web.cli.processes import Child
child = Child("sleeper", {SLEEPER!r}, os.environ)
child.start()
print(child.process.pid, flush=True)
signal.pause()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_a_killed_web_server_leaves_nobody_who_holds_its_port(tmp_path: Path) -> None:
    """Whoever starts it again finds the port free. No database is needed to serve that there is none."""
    port = free_port()
    environment = {
        **os.environ, "ZHIKE_HOME": str(tmp_path), "PORT": str(port), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "zhike", "web", "--workers", "2"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: len(children_of(server.pid)) == 2 and is_taken(port), "two processes serve")
        workers = children_of(server.pid)
    finally:
        server.kill()
        server.wait()
    until(lambda: not any(is_alive(pid) for pid in workers), "they have ended with it", 10)
    assert not is_taken(port)


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_process_has_a_name_and_a_missing_one_has_none() -> None:
    assert name_of(os.getpid()) != ""
    child = subprocess.Popen(SLEEPER)
    child.kill()
    child.wait()
    assert not is_alive(child.pid)
    assert name_of(child.pid) == ""
