"""The words of a short message: variables, what it is billed as, and replies that ask for no more."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from zhike.lib.text import clean_line

LONGEST = 500
"""Characters of one message, signature included; this many are billed as eight."""
ALONE = 70
"""Characters of a message that is sent as one."""
EACH = 67
"""Characters of each part of a longer one: three tell the parts' order. (YD/T 1365; providers bill by parts.)"""
LONGEST_VALUE = 100
VARIABLE = re.compile(r"\{([a-z][a-z0-9_]{0,39})\}")
NO_MORE = frozenset(
    {"T", "TD", "TT", "退订", "退", "拒收", "取消订阅", "不再接收", "回T退订", "回TD退订", "STOP", "UNSUBSCRIBE"}
)
SAYS_HOW = ("退订", "拒收")


def variables_of(words: str) -> list[str]:
    """Names in braces, in the order they first stand there.

    >>> variables_of("您好{name}，{number}已受理，{name}")
    ['name', 'number']
    """
    return list(dict.fromkeys(VARIABLE.findall(words)))


def filled(words: str, values: Mapping[str, str]) -> str:
    """The words with every variable filled in. Raises KeyError for one that is missing."""
    return VARIABLE.sub(lambda found: values[found[1]], words)


def clean_value(value: object) -> str:
    """One line, at most LONGEST_VALUE characters."""
    return clean_line(str(value))[:LONGEST_VALUE]


def signed(signature: str, words: str) -> str:
    """As it arrives on the phone.

    >>> signed("示例", "您好")
    '【示例】您好'
    """
    return f"【{signature}】{words}" if signature else words


def segments_of(text: str) -> int:
    """How many messages it is billed as; a character outside the basic plane counts as two.

    >>> segments_of("字" * 70), segments_of("字" * 71), segments_of("字" * 134), segments_of("字" * 135)
    (1, 2, 2, 3)
    """
    length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= ALONE else -(-length // EACH)


def asks_for_no_more(words: str) -> bool:
    """Is this the whole of what somebody replied: that he wants no more of it?

    >>> [asks_for_no_more(text) for text in ("TD", " ｔｄ。", "退订", "我想退订单", "T恤有货吗", "")]
    [True, True, True, False, False, False]
    """
    plain = unicodedata.normalize("NFKC", words).upper()
    return "".join(each for each in plain if each.isalnum()) in NO_MORE
