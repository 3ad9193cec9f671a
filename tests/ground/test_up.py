"""`zhike up` in earnest: everything comes up, one at a time, heals, and goes down together."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from zhike.web.cli.postgres import Embedded
from zhike.web.cli.processes import name_of

pytestmark = [pytest.mark.slow, pytest.mark.embedded]


@dataclass
class Product:
    """A running `zhike up` of its own data folder."""

    home: Path
    port: int
    process: subprocess.Popen[str]

    def wait_for(self, words: str) -> str:
        """Read what it says until it says `words`; its whole speech so far when it ends before."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if words in line:
                return said
        raise AssertionError(f"ended without saying {words!r}:\n{said}")

    def health(self) -> dict[str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/healthz")
        answer: dict[str, str] = json.loads(connection.getresponse().read())
        connection.close()
        return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_of(home: Path, port: int) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ZHIKE_", "DATABASE_", "DJANGO_"))
    }
    return {**kept, "ZHIKE_HOME": str(home), "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def start(home: Path, port: int) -> Product:
    process = subprocess.Popen(
        [sys.executable, "-m", "zhike", "up"],
        env=environment_of(home, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Product(home, port, process)


@pytest.fixture
def product() -> Iterator[Product]:
    home = Path(tempfile.mkdtemp(prefix="zhike-test-"))
    home.chmod(0o711)
    running = start(home, free_port())
    yield running
    running.process.terminate()
    running.process.communicate(timeout=30)
    shutil.rmtree(home)


def test_it_comes_up_refuses_a_second_and_leaves_nothing_running(product: Product) -> None:
    product.wait_for(f"http://127.0.0.1:{product.port}/")
    assert product.health()["status"] == "ok"

    second = subprocess.run(
        [sys.executable, "-m", "zhike", "up"],
        env=environment_of(product.home, free_port()),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert f"already running on {product.home}: process {product.process.pid}" in second.stderr

    server = Embedded(product.home).running()
    product.process.send_signal(signal.SIGINT)
    product.process.communicate(timeout=30)
    assert product.process.returncode == 0
    assert server is not None
    assert name_of(server) == ""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", product.port)) != 0


def test_it_heals_when_its_database_is_killed(product: Product) -> None:
    product.wait_for(f"http://127.0.0.1:{product.port}/")
    server = Embedded(product.home).running()
    assert server is not None
    os.kill(server, signal.SIGKILL)
    product.wait_for("PostgreSQL had stopped and runs again")
    assert Embedded(product.home).running() not in {None, server}


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "zhike", "up"],
            env=environment_of(tmp_path, port),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
