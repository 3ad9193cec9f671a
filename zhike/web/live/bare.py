"""The raw figure beside the live feed's: a bare asyncio server that sends the same bytes to everybody.

    python -m zhike.web.live.bare PORT

GET / opens a stream; a line on a connection that begins with "TICK " goes to all streams.
"""

from __future__ import annotations

import asyncio
import sys

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: ready\ndata: {}\n\n"


class Bare(asyncio.Protocol):
    streams: set[asyncio.Transport] = set()
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET "):
            self.transport.write(HEAD)
            self.streams.add(self.transport)
        else:
            for line in data.splitlines():
                self.send_all(line.removeprefix(b"TICK ") + b"\n\n")

    def send_all(self, chunk: bytes) -> None:
        for stream in self.streams:
            stream.write(chunk)

    def connection_lost(self, exc: Exception | None) -> None:
        self.streams.discard(self.transport)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
