"""Child processes: started so that they never outlive us, stopped in order, started again when they die."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
CALM = 60.0
"""Seconds a child must have run for its next death to count as the first."""
LONGEST_PAUSE = 15.0
"""Seconds at most between two attempts to start a child that keeps dying."""


@functools.cache
def _prctl() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    call: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
    return call


def die_with_parent(death: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the child gets `death` when this process ends in any way, kill -9 included (Linux only)."""
    prctl, parent = _prctl(), os.getpid()

    def arrange() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(death))
            if os.getppid() != parent:  # the parent died before prctl took effect
                os._exit(1)

    return arrange


def children_die_with_us() -> None:
    """From now on whatever this process forks by itself is killed when it ends in any way (Linux only): for servers that make their
    own processes. What those fork in turn is their own affair."""
    prctl, parent = _prctl(), os.getpid()

    def arrange() -> None:
        if prctl is not None and os.getppid() == parent:
            prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
            if os.getppid() != parent:  # the parent died before prctl took effect
                os._exit(1)

    os.register_at_fork(after_in_child=arrange)


def pause_before_restart(deaths: int) -> float:
    """Seconds to wait before start number `deaths + 1` of a child: 0.5, 1, 2, 4, 8, 15, 15 ..."""
    return float(min(LONGEST_PAUSE, 0.5 * 2 ** min(deaths - 1, 10)))


class Child:
    """One process that is meant to run as long as we do."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env)
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.started_at = 0.0
        self.due_at = 0.0

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches us alone, and we stop the children in order."""
        self.process = subprocess.Popen(
            self.command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # safe: this process has no threads
        )
        self.started_at = time.monotonic()

    def tend(self) -> str | None:
        """Start it again when it has died and its pause is over. Returns what happened, for the log."""
        moment = time.monotonic()
        if self.process is None:
            if moment < self.due_at:
                return None
            self.start()
            return f"{self.name} started again"
        code = self.process.poll()
        if code is None:
            return None
        self.deaths = 1 if moment - self.started_at > CALM else self.deaths + 1
        pause = pause_before_restart(self.deaths)
        self.process, self.due_at = None, moment + pause
        return f"{self.name} ended with code {code}; starting it again in {pause:g} s"

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def ensure_stopped(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then end it the hard way."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def stop_all(children: Sequence[Child], patience: float = 6.0) -> None:
    """Ask all at once, then wait for each; `patience` seconds in all."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + patience
    for child in children:
        child.ensure_stopped(deadline)


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists, ours or somebody else's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def name_of(pid: int) -> str:
    """The program name of a process, empty when there is none."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        told = subprocess.run(["ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False)
        return Path(told.stdout.strip()).name
