"""One rate after the other against one process, and what became of every message."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from zhike.web.bench.chat.ground import Ground
from zhike.web.bench.chat.ledger import compare, delays, stored
from zhike.web.bench.chat.load import Load
from zhike.web.bench.report import Say, percentile
from zhike.web.live.bench import memory_of, raise_file_limit

ENOUGH = 0.98
"""Share of the rate that must really have been sent for it to count as held."""


@dataclass
class Stage:
    """What one rate came to."""

    rate: int
    per_second: float
    busy: float
    """Seconds of the processor the web process used in a second."""
    own: float
    """The same of the load client."""
    machine: float
    """The same of everything on the machine."""
    delays: dict[str, list[float]]
    right: bool

    def arrival(self, share: float) -> float:
        """Milliseconds from the commit to the other end; where the server keeps no times of commits, from the sender to the other end."""
        return percentile(self.delays["arrival"] or self.delays["way"], share)

    def holds(self, bar: float) -> bool:
        return self.right and self.per_second >= self.rate * ENOUGH and 0 < self.arrival(99) <= bar


@dataclass
class Told:
    kib: float = 0.0
    """Memory a stream takes in the web process."""
    stages: list[Stage] = field(default_factory=list)
    differences: int = 0


async def stages(name: str, ground: Ground, port: int, pid: int, rates: Sequence[tuple[int, float]], say: Say) -> Told:
    """`rates`: how many a second, for how many seconds."""
    raise_file_limit(20_000)
    load, told = Load(ground, port), Told()
    before = memory_of(pid)
    await load.connect()
    told.kib = (memory_of(pid) - before) / len(load.streams)
    await load.send(20, 3)
    for rate, seconds in rates:
        told.stages.append(await _stage(name, load, pid, rate, seconds, say))
    return await asyncio.to_thread(_with_differences, name, load, told, say)


async def _stage(name: str, load: Load, pid: int, rate: int, seconds: float, say: Say) -> Stage:
    worked, own, machine, began = worked_by(pid), time.process_time(), worked_in_all(), time.perf_counter()
    sent = await load.send(rate, seconds)
    took = max(one.answered for one in sent) - sent[0].at
    span = time.perf_counter() - began
    busy, own, machine = (
        (now - then) / span
        for now, then in ((worked_by(pid), worked), (time.process_time(), own), (worked_in_all(), machine))
    )
    kept = await asyncio.to_thread(stored, name)
    found = delays(load, sent, kept)
    stage = Stage(rate, len(sent) / max(took, seconds), busy, own, machine, found, compare(load, sent, kept).count == 0)
    say(
        f"{rate}/s: sent {stage.per_second:.0f}/s, commit to arrival p50 {stage.arrival(50):.1f} p99 {stage.arrival(99):.1f} ms, "
        f"sender to arrival p99 {percentile(found['way'], 99):.1f} ms, answer p99 {percentile(found['answer'], 99):.1f} ms, "
        f"web process {busy:.2f} s/s, load client {own:.2f}, machine {machine:.2f}, late {load.behind}"
    )
    return stage


def _with_differences(name: str, load: Load, told: Told, say: Say) -> Told:
    found = compare(load, load.ledger, stored(name))
    told.differences = found.count
    say(f"{len(load.ledger):,} messages: {found}")
    if found.refused:
        odd = next(one for one in load.ledger if one.status not in (200, 201))
        say(f"the first that was refused: {odd.side} {odd.status} {odd.body[:300]!r}")
    return told


def worked_by(pid: int) -> float:
    """Seconds of the processor a process and its children have used."""
    total = 0.0
    for each in (pid, *children_of(pid)):
        with open(f"/proc/{each}/stat") as file:  # noqa: PTH123 - a file of the kernel
            words = file.read().rpartition(")")[2].split()
        total += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return total


def worked_in_all() -> float:
    """Seconds all processors have worked: idle and waiting for disks are none."""
    with open("/proc/stat") as file:  # noqa: PTH123 - a file of the kernel
        words = [int(word) for word in file.readline().split()[1:9]]
    return (sum(words) - words[3] - words[4]) / os.sysconf("SC_CLK_TCK")


def children_of(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123 - a file of the kernel
        return [int(word) for word in file.read().split()]
