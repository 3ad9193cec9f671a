"""Encryption of callbacks as WeChat publishes it (WXBizMsgCrypt): SHA-1 over the sorted parts as signature, AES-256-CBC with the key's
first 16 bytes as IV, PKCS#7 to blocks of 32, and inside: 16 random bytes, the length in network order, the message, the receiver's id.

https://developer.work.weixin.qq.com/document/path/90968, https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY = re.compile(r"[A-Za-z0-9]{43}")
BLOCK = 32
RANDOM = 16
LENGTH = 4
LONGEST = 256 * 1024
"""Characters of a sealed message."""


class BadCallback(ValueError):
    """Not from WeChat, changed on the way, or for somebody else."""


@dataclass(frozen=True, slots=True)
class Crypt:
    """`receiver` is the AppID of an Official Account, or the CorpID."""

    token: str
    aes_key: str
    """The EncodingAESKey: 43 letters and digits."""
    receiver: str

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        parts = sorted([self.token, timestamp, nonce, sealed])
        return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()

    def check(self, signature: str, timestamp: str, nonce: str, sealed: str) -> None:
        """Raises BadCallback."""
        if not hmac.compare_digest(self.signature(timestamp, nonce, sealed).encode(), signature.encode()):
            raise BadCallback("signature")

    def open(self, sealed: str) -> bytes:
        """The message. Raises BadCallback."""
        if len(sealed) > LONGEST:
            raise BadCallback("too long")
        try:
            data = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise BadCallback("no base64")
        if not data or len(data) % 16:
            raise BadCallback("no whole blocks")
        decryptor = self._cipher().decryptor()
        plain = _unpadded(decryptor.update(data) + decryptor.finalize())
        if len(plain) < RANDOM + LENGTH:
            raise BadCallback("too short")
        length = int.from_bytes(plain[RANDOM : RANDOM + LENGTH], "big")
        message, receiver = plain[RANDOM + LENGTH :][:length], plain[RANDOM + LENGTH + length :]
        if len(message) != length or not hmac.compare_digest(receiver, self.receiver.encode()):
            raise BadCallback("for somebody else")
        return message

    def seal(self, message: bytes, random: bytes | None = None) -> str:
        """As it goes into `<Encrypt>`; `random` are 16 bytes."""
        head = (random or secrets.token_hex(8).encode()) + len(message).to_bytes(LENGTH, "big")
        plain = head + message + self.receiver.encode()
        fill = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([fill]) * fill) + encryptor.finalize()).decode()

    def _cipher(self) -> Cipher[modes.CBC]:
        if not KEY.fullmatch(self.aes_key):
            raise BadCallback("no key")
        # The last character carries two bits that must be nothing; published keys do not keep to that, and neither do the libraries.
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def _unpadded(plain: bytes) -> bytes:
    fill = plain[-1]
    if not 1 <= fill <= BLOCK or plain[-fill:] != bytes([fill]) * fill:
        raise BadCallback("padding")
    return plain[:-fill]
