"""The clients of one process, and who of them is told what."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from zhike.journal.gates import NOBODY, Subject, current_audiences, is_gated
from zhike.journal.stream import Row, last_position, read_after
from zhike.web.listening import give_back, with_connection, with_kept_connection
from zhike.web.live.accounts import accounts_of, open_sessions
from zhike.web.live.client import Account, Client, close_all
from zhike.web.live.desk import Desk
from zhike.web.live.doors import Door, doors_of
from zhike.web.live.passing import Passing
from zhike.web.live.telling import HEARTBEAT, Told, telling_of

T = TypeVar("T")

REMEMBERED = 2000
"""Facts kept in memory for clients that come back."""
PAGE = 500
"""Facts read at once for a client that was away longer."""
FURTHEST_BACK = 20_000
"""Facts a client may be behind; beyond that its page is loaded again instead."""
MOST_WAITING = 50
"""Chunks in a client's queue above which it is not told who is typing."""
THREADS = 2

Audiences = Mapping[Subject, frozenset[str]]


class Hub:
    """Streams by the principals they answer to. Everything but the thread pool's work runs on the event loop."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.by_key: dict[str, set[Client]] = {}
        self.position = 0
        """Of the newest fact that was told."""
        self.people = 0
        """Counts what happened to members of staff: whoever was looked up before it changed is looked up again."""
        self.recent: deque[Told] = deque(maxlen=REMEMBERED)
        self.known_from = 0
        """The position after which `recent` is complete."""
        self.pool = ThreadPoolExecutor(THREADS, "live")
        self.at_gates = ThreadPoolExecutor(1, "gates")
        self.gates: Desk[Subject, frozenset[str]] = Desk(current_audiences, self.in_its_thread)
        self.accounts: Desk[str, Account] = Desk(accounts_of, self.in_thread)
        self.doors: Desk[str, Door] = Desk(doors_of, self.in_thread)
        self.open: Counter[str] = Counter()
        """Streams by session: thousands come back at once, and each is counted against its own."""

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Database work. The connection goes back afterwards: streams hold none."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, with_connection, work, *arguments)

    async def in_its_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """The same for what every fact asks: a thread that keeps its connection, for taking one costs more than the question."""
        return await asyncio.get_running_loop().run_in_executor(self.at_gates, with_kept_connection, work, *arguments)

    # clients

    def add(self, client: Client) -> None:
        self.clients.add(client)
        self.open[client.account.session_key] += 1
        for key in client.account.keys:
            self.by_key.setdefault(key, set()).add(client)

    def remove(self, client: Client) -> None:
        if client in self.clients:
            self.open[client.account.session_key] -= 1
        self.clients.discard(client)
        if not self.open[client.account.session_key]:
            del self.open[client.account.session_key]
        for key in client.account.keys:
            named = self.by_key.get(key)
            if named is not None:
                named.discard(client)
                if not named:
                    del self.by_key[key]

    def streams_of(self, session_key: str) -> int:
        return self.open.get(session_key, 0)

    # telling

    async def tell(self, rows: Sequence[Row]) -> None:
        """Tell everybody entitled. Raises what the database raises; nothing of the batch was told then."""
        batch = [telling_of(row) for row in rows if row.position > self.position]
        if not batch:
            return
        if changed := {row.subject_id for row in rows if row.subject_kind == "staff"}:
            self.people += 1
            await self.look_again([client for client in self.clients if client.account.staff_id in changed])
        audiences = await self.gates.ask({told.subject for told in batch if is_gated(told.subject[0])})
        for told in batch:
            for client in self.entitled(told, audiences):
                client.push(told)
        self.remember(batch)

    def entitled(self, told: Told, audiences: Audiences) -> Iterable[Client]:
        """Clients in the fact's audience and, where the object has a gate, in its current one."""
        if not told.audience:
            return ()
        named = self.named(told.audience)
        if is_gated(told.subject[0]):
            named &= self.named(audiences.get(told.subject, NOBODY))
        return [client for client in named if not client.topics or not client.topics.isdisjoint(told.topics)]

    def named(self, principals: Iterable[str]) -> set[Client]:
        return set().union(*(self.by_key.get(principal, ()) for principal in principals))

    def remember(self, batch: Sequence[Told]) -> None:
        overflow = len(self.recent) + len(batch) - REMEMBERED
        if overflow > 0:
            fallen = (
                self.recent[overflow - 1] if overflow <= len(self.recent) else batch[overflow - len(self.recent) - 1]
            )
            self.known_from = fallen.position
        self.recent.extend(batch)
        self.position = batch[-1].position

    def start_at(self, rows: Sequence[Row], position: int) -> None:
        """Begin at `position`, remembering the rows that led there."""
        self.recent.extend(telling_of(row) for row in rows)
        self.known_from = rows[0].position - 1 if rows else position
        self.position = position

    def pass_on(self, passing: Passing) -> None:
        """Tell at once what is not kept: whoever is slow, or comes later, does without it."""
        for client in self.named(passing.audience) - self.by_key.get(passing.by, set()):
            if len(client.queue) < MOST_WAITING and (not client.topics or not client.topics.isdisjoint(passing.topics)):
                client.push_chunk(passing.chunk if client.account.staff_id else passing.outside)

    # coming back

    async def missed(self, client: Client, after: int, until: int) -> AsyncIterator[bytes]:
        """What the client may hear of the facts after `after` up to `until`, through the gates as they stand now."""
        while after < until:
            batch = self.remembered(after, until)
            if batch is None:
                rows = await self.in_thread(read_after, after, PAGE)
                batch = [telling_of(row) for row in rows if row.position <= until]
            if not batch:
                return
            after = batch[-1].position
            wanted = [told for told in batch if client.wants(told)]
            audiences = await self.gates.ask({told.subject for told in wanted if is_gated(told.subject[0])})
            if chunk := b"".join(client.chunk_of(told) for told in wanted if allowed(client, told, audiences)):
                yield chunk

    def remembered(self, after: int, until: int) -> list[Told] | None:
        """The facts between two positions from memory; None when memory does not reach back that far."""
        if after < self.known_from:
            return None
        recent = list(self.recent)
        first = bisect_right(recent, after, key=position_of)
        return recent[first : bisect_right(recent, until, key=position_of)]

    async def newest(self) -> int:
        """The newest position of the stream, which another process may have told already."""
        return await self.in_thread(last_position)

    # who is still there

    async def look_again(self, clients: Collection[Client]) -> None:
        """Ask anew what the people behind these streams answer to; close those who may hear nothing any more."""
        accounts = await self.accounts.ask({client.account.session_key for client in clients})
        for client in self.clients.intersection(clients):
            account = accounts.get(client.account.session_key)
            if account is None:
                client.close()
            else:
                self.move(client, account)

    def move(self, client: Client, account: Account) -> None:
        self.remove(client)
        client.account = account
        self.add(client)

    async def sweep(self) -> None:
        """Give every stream a sign of life, and close those whose session has ended."""
        for client in self.clients:
            client.push_chunk(HEARTBEAT)
        keys = {client.account.session_key for client in self.clients}
        still = await self.in_thread(open_sessions, keys) if keys else keys
        close_all(client for client in self.clients if client.account.session_key in keys - still)

    async def end(self) -> None:
        """Nothing is told any more."""
        await asyncio.get_running_loop().run_in_executor(self.at_gates, give_back)
        self.at_gates.shutdown()

    def close(self) -> None:
        """End every stream: browsers come back to whoever answers then."""
        close_all(self.clients)


def allowed(client: Client, told: Told, audiences: Audiences) -> bool:
    return not is_gated(told.subject[0]) or not client.account.keys.isdisjoint(audiences.get(told.subject, NOBODY))


def position_of(told: Told) -> int:
    return told.position
