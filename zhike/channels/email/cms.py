"""What a signature of S/MIME holds: a mail inside `signed-data` is not secret, only wrapped up. The signature itself is not judged.

CMS, RFC 5652; written in DER, or in BER where a program signed while it was still reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
DEEPEST = 16
MOST_PIECES = 100_000
SEQUENCE, OID, OCTETS, CONTENT = 0x30, 0x06, 0x04, 0xA0
CONSTRUCTED = 0x20


class Broken(ValueError):
    """It is no CMS, or breaks off."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A tag and where its value stands; `end` is behind the piece, its closing mark included."""

    tag: int
    begin: int
    close: int
    end: int


def signed_content(data: bytes) -> bytes | None:
    """The mail a signature carries; None for what is no signature, is encrypted, or breaks off."""
    try:
        outer = _inside(data, _piece(data, 0, len(data)), SEQUENCE)
        if data[outer[0].begin : outer[0].close] != SIGNED_DATA:
            return None
        signed = _inside(data, _only(_inside(data, outer[1], CONTENT)), SEQUENCE)
        content = next(piece for piece in signed if piece.tag == SEQUENCE)
        parts = _inside(data, content, SEQUENCE)
        return b"".join(_octets(data, _only(_inside(data, parts[1], CONTENT)), 0))
    except (Broken, IndexError, StopIteration):
        return None


def _piece(data: bytes, place: int, limit: int, depth: int = 0) -> Piece:
    if place + 2 > limit or depth > DEEPEST:
        raise Broken
    tag, length, begin = data[place], data[place + 1], place + 2
    if length == 0x80:
        close = begin
        while data[close : close + 2] != b"\0\0":
            close = _piece(data, close, limit, depth + 1).end
        return Piece(tag, begin, close, close + 2)
    if length > 0x80:
        count = length - 0x80
        if count > 5:
            raise Broken
        length, begin = int.from_bytes(data[begin : begin + count]), begin + count
    if begin + length > limit:
        raise Broken
    return Piece(tag, begin, begin + length, begin + length)


def _inside(data: bytes, piece: Piece, tag: int) -> list[Piece]:
    if piece.tag != tag:
        raise Broken
    found: list[Piece] = []
    place = piece.begin
    while place < piece.close:
        found.append(_piece(data, place, piece.close))
        place = found[-1].end
        if len(found) > MOST_PIECES:
            raise Broken
    return found


def _only(pieces: list[Piece]) -> Piece:
    return pieces[0]


def _octets(data: bytes, piece: Piece, depth: int) -> Iterator[bytes]:
    """Octets in one piece, or in pieces of pieces."""
    if depth > DEEPEST:
        raise Broken
    if piece.tag == OCTETS:
        yield data[piece.begin : piece.close]
        return
    for each in _inside(data, piece, OCTETS | CONSTRUCTED):
        yield from _octets(data, each, depth + 1)
