"""Names as they are compared: two spellings of one company are the same, whatever it was typed on."""

from __future__ import annotations

import re

from zhike.lib.text import narrow

NAME_LENGTH = 80
_NOISE = re.compile(r"[\s·•・.,，。、\-—_'\"“”‘’()（）【】\[\]《》]+")
_LEGAL_FORM = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|集团公司|公司|集团|co\.?,?ltd\.?|limited|ltd|inc|llc)$", re.IGNORECASE
)
_COURTESY = re.compile(r"(先生|女士|小姐|太太)$")


def name_key(name: str) -> str:
    """What duplicates are found by; "" where a name says too little (one character, 王先生).

    >>> name_key("示例 （杭州）科技有限公司"), name_key("示例杭州科技"), name_key("王先生")
    ('示例杭州科技', '示例杭州科技', '')
    """
    plain = _NOISE.sub("", narrow(name[:NAME_LENGTH])).casefold()
    core = _COURTESY.sub("", _LEGAL_FORM.sub("", plain))
    return core[:NAME_LENGTH] if len(core) > 1 else ""
