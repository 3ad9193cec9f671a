"""Which texts are like a question: by the neighbouring characters and words they share, so that Chinese needs no dictionary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_PART = re.compile(r"[a-z0-9]{3,}|[^\W_a-z0-9]{2,}")


def like(words: str, texts: Sequence[str]) -> list[int]:
    """The positions of the texts that share something telling with the words, the most first. What half of them hold tells nothing.

    >>> like("我想退货可以吗", ["退货请寄到门店", "我们九点开门", "发票随货寄出"])
    [0]
    """
    held = [pairs(text) for text in texts]
    common = Counter(pair for each in held for pair in each)
    wanted = {pair for pair in pairs(words) if common[pair] <= max(1, len(texts) // 2)}
    scores = {n: sum(1 / common[pair] for pair in each & wanted) for n, each in enumerate(held)}
    return sorted((n for n, score in scores.items() if score), key=lambda n: (-scores[n], n))


def pairs(text: str) -> set[str]:
    """Neighbouring characters of what is written without spaces, and whole words of what is not.

    >>> sorted(pairs("退货 order"))
    ['order', '退货']
    """
    found: set[str] = set()
    for part in _PART.findall(text.lower()):
        found |= {part} if part.isascii() else {part[n : n + 2] for n in range(len(part) - 1)}
    return found
