"""kill -9 of the product's processes under load, again and again, with a ledger kept outside.

    make kills                      fifty, on a product of its own that is thrown away (some twenty minutes)
    make kills ARGS="--kills 5"

Visitors and colleagues write through the addresses their pages use, each one message after the other, and send a message again until it
is answered for, as the pages do. Others listen to the live streams and come back with the place they had. Afterwards: whatever was
answered for is stored, once, in the order it was sent; every stream told each message once, in its order. Only processes of that product
are killed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from tests.served import Served, served, until

LAY = """
from zhike.web.bench.chat.ground import PLAIN, lay
ground = lay(sys.argv[3] if sys.argv[3:] else PLAIN, int(sys.argv[1]), int(sys.argv[2]))
print(json.dumps([ground.inbox, ground.agents, [[each.number, each.secret, each.agent] for each in ground.talks]]))
"""
STORED = """
SELECT c.number, m.seq, m.key, m.side FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id
WHERE c.handbook = %s ORDER BY m.id
"""
WRITTEN = re.compile(rb'"type":"conversation\.written".*?"number":"([^"]+)","seq":(\d+)')
CSRF = "k" * 32
VISITORS, AGENTS = 24, 8
PACE = {"customer": 1.05, "staff": 0.3}
"""Seconds between two messages of one sender: visitors stay within what an address may send in a minute."""
SEED = 20250610
BETWEEN = (0.0, 1.5)
"""Seconds of load after everybody is back, before the next is killed: at whatever point of its work."""
PATIENCE = 180.0


@dataclass
class Ledger:
    """What was answered for, by sender, in the order it was sent."""

    confirmed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Sender to (conversation, key)."""
    tries: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.confirmed.values()))


@dataclass
class Sender:
    """Somebody who writes one message after the other."""

    name: str
    side: str
    talks: list[tuple[str, str]]
    """(conversation, visitor's secret) he may write in."""
    inbox: str
    session: str
    local: str
    product: Served
    ledger: Ledger
    stop: threading.Event

    def run(self) -> None:
        mine: list[tuple[str, str]] = []
        self.ledger.confirmed[self.name] = mine
        number = 0
        while not self.stop.is_set():
            talk, secret = self.talks[number % len(self.talks)]
            key = f"{self.name}-{number:06d}"
            if not self._until_confirmed(talk, secret, key):
                return
            mine.append((talk, key))
            number += 1
            self.stop.wait(PACE[self.side])

    def _until_confirmed(self, talk: str, secret: str, key: str) -> bool:
        path, headers, body = self._asked(secret, key) if self.side == "customer" else self._said(talk, key)
        while not self.stop.is_set():
            self.ledger.tries += 1
            if self._post(path, headers, body) in (200, 201):
                return True
            self.stop.wait(0.2)
        return False

    def _asked(self, secret: str, key: str) -> tuple[str, dict[str, str], bytes]:
        body = json.dumps({"words": f"示例：{key}", "key": key, "files": [], "form": {}, "token": ""}).encode()
        return (
            f"/chat/{self.inbox}/messages",
            {"Authorization": f"Visitor {secret}", "Content-Type": "application/json"},
            body,
        )

    def _said(self, talk: str, key: str) -> tuple[str, dict[str, str], bytes]:
        headers = {
            "Cookie": f"sessionid={self.session}; csrftoken={CSRF}", "X-CSRFToken": CSRF, "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        return f"/conversations/{talk}/say", headers, urlencode({"words": f"示例：{key}", "key": key}).encode()

    def _post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=20, source_address=(self.local, 0))
        try:
            line.request("POST", path, body, headers | {"Host": "localhost"})
            answer = line.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()


@dataclass
class Listener:
    """A live stream, opened again from its place whenever it ends."""

    path: str
    headers: dict[str, str]
    product: Served
    stop: threading.Event
    heard: list[tuple[str, int]] = field(default_factory=list)
    place: str = ""
    resets: int = 0

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self._listen()
            except (OSError, http.client.HTTPException):
                self.stop.wait(0.2)

    def _listen(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=20)
        try:
            place = {"Last-Event-ID": self.place} if self.place else {}
            line.request("GET", self.path, headers=self.headers | place | {"Host": "localhost"})
            answer = line.getresponse()
            while answer.status == 200 and not self.stop.is_set() and (text := answer.readline()):
                self._take(text)
        finally:
            line.close()
        self.stop.wait(0.2)

    def _take(self, text: bytes) -> None:
        if text.startswith(b"id: "):
            self.coming = text[4:].strip().decode()
        elif text.startswith(b"event: reset"):
            self.resets += 1
        elif (found := WRITTEN.search(text)) is not None:
            self.heard.append((found[1].decode(), int(found[2])))
        elif text == b"\n":
            self.place = self.coming

    coming: str = ""


@dataclass(frozen=True)
class Differences:
    """Between the ledger, the database and what was heard."""

    lost: int
    doubled: int
    reordered: int
    unheard: int
    heard_again: int

    @property
    def count(self) -> int:
        return self.lost + self.doubled + self.reordered + self.unheard + self.heard_again


@dataclass
class Story:
    """A product under load."""

    product: Served
    ledger: Ledger
    senders: list[Sender]
    listeners: dict[str, Listener]
    """By the conversation (a visitor's), or by the agent's place."""
    agents: dict[str, int]
    """Who has each conversation."""
    stop: threading.Event
    writing: list[threading.Thread] = field(default_factory=list)
    listening: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self.writing = [threading.Thread(target=each.run) for each in self.senders]
        self.listening = [threading.Thread(target=each.run) for each in self.listeners.values()]
        for thread in [*self.listening, *self.writing]:
            thread.start()
        until(lambda: self.ledger.count > len(self.senders), "everybody writes", PATIENCE)

    def go_on(self, more: int = 10) -> None:
        """Until so many more messages are answered for."""
        least = self.ledger.count + more
        until(lambda: self.ledger.count >= least, "messages are answered for again", PATIENCE)

    def end(self) -> Differences:
        """Everybody stops writing, what is under way is answered; the streams hear what is left; then the accounts are compared."""
        self.hush()
        kept = until(self._settled, "every stream has caught up", PATIENCE)
        self.stop.set()
        return self._compared(kept)

    def hush(self) -> None:
        """Nobody writes any more, and no answer is still to come: one taken down after the look would count as lost."""
        for sender in self.senders:
            sender.stop.set()
        for thread in self.writing:
            thread.join(PATIENCE)

    def close(self) -> None:
        self.stop.set()
        self.hush()
        for thread in self.listening:
            thread.join(30)

    def _settled(self) -> list[tuple[Any, ...]]:
        """What is stored, once every stream has heard as much; after a while, whatever they have heard."""
        self.ended = self.ended or time.monotonic()
        kept = self.product.rows(STORED, self.name)
        heard = all(
            len(self._heard(talk, side)) >= 1 and self._heard(talk, side)[-1][1] >= seq
            for talk, seq, _, side in kept[-200:]
        )
        return kept if heard or time.monotonic() - self.ended > 60 else []

    ended: float = 0.0
    name: str = "bench"
    """Of the handbook; a product can be told more than one story."""

    def _heard(self, talk: str, side: str) -> list[tuple[str, int]]:
        """What the other end heard of this conversation."""
        listener = self.listeners[talk] if side == "staff" else self.listeners[f"agent{self.agents[talk]}"]
        return [one for one in listener.heard if one[0] == talk]

    def _compared(self, kept: list[tuple[Any, ...]]) -> Differences:
        by_key = {(talk, key): seq for talk, seq, key, _ in kept}
        confirmed = [(talk, key) for mine in self.ledger.confirmed.values() for talk, key in mine]
        lost = sum(one not in by_key for one in confirmed)
        doubled = len(kept) - len({key for _, _, key, _ in kept})
        reordered = sum(
            _disorder([by_key.get(one, 0) for one in mine if one[0] == talk]) for mine, talk in self._by_talk()
        )
        gaps = _gaps(kept)
        unheard = again = 0
        for talk in self.agents:
            seqs = [seq for number, seq, *_ in kept if number == talk]
            for side in ("staff", "customer"):
                heard = [seq for _, seq in self._heard(talk, side)]
                unheard += len(set(seqs) - set(heard))
                again += len(heard) - len(set(heard)) + _disorder(heard)
        return Differences(lost, doubled, reordered + gaps, unheard, again)

    def _by_talk(self) -> list[tuple[list[tuple[str, str]], str]]:
        return [(mine, talk) for mine in self.ledger.confirmed.values() for talk in {talk for talk, _ in mine}]


def _disorder(seqs: list[int]) -> int:
    return sum(after < before for before, after in pairwise(seqs))


def _gaps(kept: list[tuple[Any, ...]]) -> int:
    """Conversations whose messages are not 1, 2, 3 ..."""
    count, last = Counter[str](), Counter[str]()
    for talk, seq, *_ in kept:
        count[talk] += 1
        last[talk] = max(last[talk], seq)
    return sum(count[talk] != last[talk] for talk in count)


def story_of(product: Served, name: str = "bench") -> Story:
    inbox, sessions, talks = product.run(LAY, str(VISITORS), str(AGENTS), name)
    stop, ledger = threading.Event(), Ledger()
    writing = threading.Event()
    listeners = {}
    senders = []
    for n, (number, secret, _) in enumerate(talks):
        headers = {"Authorization": f"Visitor {secret}"}
        listeners[number] = Listener(f"/chat/live?inbox={inbox}&after=0", headers, product, stop)
        talk = [(number, secret)]
        senders.append(
            Sender(f"visitor{n:02d}", "customer", talk, inbox, "", f"127.1.0.{n + 1}", product, ledger, writing)
        )
    for n, session in enumerate(sessions):
        listeners[f"agent{n}"] = Listener("/live?after=0", {"Cookie": f"sessionid={session}"}, product, stop)
        mine = [(number, secret) for number, secret, agent in talks if agent == n]
        senders.append(Sender(f"agent{n:02d}", "staff", mine, inbox, session, "127.0.0.1", product, ledger, writing))
    return Story(product, ledger, senders, listeners, {number: agent for number, _, agent in talks}, stop, name=name)


# whom to kill


def victims(product: Served) -> dict[str, Callable[[], int | None]]:
    """The processes of the product, by what they are; None while there is none."""
    return {
        "the web server's supervisor": lambda: product.child("web"),
        "a process that serves pages and streams": lambda: _first_child(product.child("web")),
        "the worker": lambda: product.child("work"),
    }


def _first_child(pid: int | None) -> int | None:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if pid else []
    except OSError:
        return None
    return int(found[0]) if found else None


def kill_again_and_again(product: Served, kills: int, say: Callable[[str], None]) -> tuple[Story, Differences]:
    """`kills` times, one process after the other, at random moments of the load; then the accounts."""
    chance, story = random.Random(SEED), story_of(product)
    story.start()
    whom = victims(product)
    try:
        for number in range(kills):
            name = list(whom)[number % len(whom)]
            story.go_on()
            story.stop.wait(chance.uniform(*BETWEEN))
            victim = until(whom[name], f"there is {name}", PATIENCE)
            os.kill(victim, signal.SIGKILL)
            until(lambda dead=victim, find=whom[name]: find() not in (None, dead), f"{name} is back", PATIENCE)
            say(f"kill {number + 1}: {name}; {story.ledger.count} answered for, {story.ledger.tries} tries")
        until(product.healthy, "the product is well", PATIENCE)
        story.go_on()
        return story, story.end()
    finally:
        story.close()


def main() -> int:
    parser = argparse.ArgumentParser(description="kill -9 under load, with a ledger kept outside")
    parser.add_argument("--kills", type=int, default=50)
    kills = parser.parse_args().kills
    with served(sandbox=False) as product:
        story, found = kill_again_and_again(product, kills, lambda words: click.echo(words))
    click.echo(f"{kills} kills, {story.ledger.count} messages answered for, {story.ledger.tries} tries: {found}")
    click.echo(f"differences: {found.count}")
    return 1 if found.count else 0


if __name__ == "__main__":
    sys.exit(main())
