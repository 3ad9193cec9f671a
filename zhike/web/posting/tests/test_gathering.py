"""What is posted while a batch is being written waits for the next one; whatever goes wrong is left to the pages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from zhike.web.posting.gathering import Gathering

PATIENCE = 20


class Writer:
    """Answers in capitals, when it is let; keeps the batches it got."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.began, self.let = threading.Event(), threading.Event()

    def __call__(self, posted: Sequence[str]) -> list[str | None]:
        self.batches.append(list(posted))
        self.began.set()
        assert self.let.wait(PATIENCE)
        return [None if each == "odd" else each.upper() for each in posted]


def test_what_comes_while_a_batch_is_written_is_the_next_batch() -> None:
    writer = Writer()

    async def story() -> list[str | None]:
        gathering = Gathering(writer)
        first = asyncio.create_task(gathering.ask("a"))
        await asyncio.to_thread(writer.began.wait, PATIENCE)
        others = [asyncio.create_task(gathering.ask(each)) for each in ("b", "odd", "c")]
        await asyncio.to_thread(lambda: None)  # until they have asked
        writer.let.set()
        return await asyncio.gather(first, *others)

    assert asyncio.run(story()) == ["A", "B", None, "C"]
    assert writer.batches == [["a"], ["b", "odd", "c"]]


def test_who_has_gone_keeps_nobody_else() -> None:
    writer = Writer()

    async def story() -> str | None:
        gathering = Gathering(writer)
        gone, stays = asyncio.create_task(gathering.ask("a")), asyncio.create_task(gathering.ask("b"))
        await asyncio.to_thread(writer.began.wait, PATIENCE)
        gone.cancel()
        writer.let.set()
        return await stays

    assert asyncio.run(story()) == "B"


def test_a_batch_that_breaks_is_the_pages_and_the_next_one_is_written() -> None:
    def answer(posted: Sequence[str]) -> list[str | None]:
        if "bad" in posted:
            raise RuntimeError("broken")
        return [each.upper() for each in posted]

    async def story() -> list[str | None]:
        gathering = Gathering(answer)
        return [await gathering.ask("bad"), await gathering.ask("good")]

    assert asyncio.run(story()) == [None, "GOOD"]
