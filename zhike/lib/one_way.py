"""Words that are kept without anybody being able to read them again: a first password, a code word.

one-way$<salt>$<digest>, scrypt; the same words sealed twice differ.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re

_SEALED = re.compile(r"one-way\$[0-9a-f]{32}\$[0-9a-f]{64}")


def seal(words: str) -> str:
    """What is kept in place of the words; what is sealed already stays as it is."""
    return words if is_sealed(words) else _sealed(words, os.urandom(16))


def is_sealed(text: str) -> bool:
    return _SEALED.fullmatch(text) is not None


def opens(words: str, kept: str) -> bool:
    """Whether these are the words that were sealed."""
    return is_sealed(kept) and hmac.compare_digest(_sealed(words, bytes.fromhex(kept.split("$")[1])), kept)


def _sealed(words: str, salt: bytes) -> str:
    digest = hashlib.scrypt(words.encode(), salt=salt, n=2**13, r=8, p=1, dklen=32)
    return f"one-way${salt.hex()}${digest.hex()}"
