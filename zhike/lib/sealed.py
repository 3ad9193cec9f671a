"""Encryption of single values: AES-256-GCM under a named key, found again by an HMAC (blind index).

    ring = Keyring([Key("a1", secret)])
    sealed = ring.seal("11010519491231002X", "resident_id")
    ring.open(sealed, "resident_id")                      '11010519491231002X'
    ring.blinds("11010519491231002X", "resident_id")      what the value is looked up by, under every key still in use

The newest key writes; older ones still read until everything was sealed again. `context` says what kind of value it is:
a value moved into another column does not open there.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12


class BadKeys(ValueError):
    """A list of keys that cannot be read; the message says what one looks like."""


class CannotOpen(ValueError):
    """The key is not at hand, or the value was changed."""


@dataclass(frozen=True, slots=True)
class Key:
    """A named secret of 32 bytes."""

    id: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted value: nonce, text and tag in `data`, `blind` in hexadecimal."""

    key_id: str
    data: bytes
    blind: str


class Keyring:
    """Keys, the newest last. What encrypts and what looks up are derived apart, so that neither tells of the other."""

    def __init__(self, keys: Sequence[Key]) -> None:
        if not keys or len({key.id for key in keys}) != len(keys):
            raise BadKeys("There must be a key, and no two of one name")
        self.newest = keys[-1].id
        self._ciphers = {key.id: AESGCM(_derived(key, b"zhike field encryption")) for key in keys}
        self._indexes = {key.id: _derived(key, b"zhike field look-up") for key in keys}

    def seal(self, value: str, context: str) -> Sealed:
        """Encrypt under the newest key; the same value gives another text each time, and the same blind."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        data = nonce + self._ciphers[self.newest].encrypt(nonce, value.encode(), context.encode())
        return Sealed(self.newest, data, self._blind(self.newest, value, context))

    def open(self, sealed: Sealed, context: str) -> str:
        """The value. Raises CannotOpen."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise CannotOpen(f"The key {sealed.key_id!r} is not in the key file")
        try:
            data = bytes(sealed.data)
            return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], context.encode()).decode()
        except InvalidTag:
            raise CannotOpen(f"A value under the key {sealed.key_id!r} was changed, or another key has that name")

    def blinds(self, value: str, context: str) -> list[str]:
        """The blind index of a value under every key, the newest first."""
        return [self._blind(key_id, value, context) for key_id in reversed(self._indexes)]

    def _blind(self, key_id: str, value: str, context: str) -> str:
        return hmac.digest(self._indexes[key_id], f"{context}\0{value}".encode(), "sha256").hex()


def _derived(key: Key, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key.secret)


def new_key() -> Key:
    return Key(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES))


def parse_keys(text: str) -> list[Key]:
    """Keys written `id:base64`, one a line or with commas between them, the newest last. Raises BadKeys."""
    keys = []
    for part in text.replace(",", "\n").split():
        name, colon, coded = part.partition(":")
        try:
            secret = base64.b64decode(coded, validate=True)
        except binascii.Error:
            secret = b""
        if not (colon and 0 < len(name) <= 16 and len(secret) == KEY_BYTES):
            raise BadKeys("A key is written name:base64 of 32 bytes, the name with 16 characters at most")
        keys.append(Key(name, secret))
    return keys


def write_keys(keys: Iterable[Key]) -> str:
    return "".join(f"{key.id}:{base64.b64encode(key.secret).decode()}\n" for key in keys)


def make_key_file(place: Path) -> None:
    """A file with a first key, readable by its owner only; whoever comes second leaves the first one's as it is."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = _written_beside(place, [new_key()])
    try:
        os.link(made, place)
    except FileExistsError:
        return
    finally:
        made.unlink()


def replace_key_file(place: Path, keys: Iterable[Key]) -> None:
    """All or nothing: a power cut leaves the old keys or the new ones."""
    _written_beside(place, keys).replace(place)
    _flush_folder(place.parent)


def _written_beside(place: Path, keys: Iterable[Key]) -> Path:
    beside = place.with_name(f".{place.name}.{secrets.token_hex(6)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as target:
        target.write(write_keys(keys))
        target.flush()
        os.fsync(target.fileno())
    return beside


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
