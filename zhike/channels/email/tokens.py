"""How an answer finds its conversation: names that only we can have given, in three places, each with an HMAC.

    Message-ID:  <z.CONVERSATION.MESSAGE.hmac@domain>, which comes back in In-Reply-To and References
    Reply-To:    support+CONVERSATION.hmac@domain, where the server knows plus-addresses
    Subject:     [C-250303-000042-hmac], for programs that lose both

A number alone is worth nothing: who guesses one opens a conversation of his own. The keys are those of sealed values; after a
rotation names made under the older keys are still known.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable

from zhike.org.keys import keyring

CONTEXT = "mail thread"
LENGTH = 20
SHORT = 12
"""Hexadecimal digits: of a Message-ID, and of names people see."""
MESSAGE_ID = re.compile(rf"z\.(\d{{1,18}})\.(\d{{1,18}})\.([0-9a-f]{{{LENGTH}}})@[^\s<>@]{{1,190}}")
PLUS = re.compile(rf"[^+@]+\+(\d{{1,18}})\.([0-9a-f]{{{SHORT}}})@.+")
SUBJECT = re.compile(rf"\[(C-\d{{6}}-\d{{6,12}})-([0-9a-f]{{{SHORT}}})\]")


def message_id(conversation: int, message: int, domain: str) -> str:
    """Without the angle brackets."""
    return f"z.{conversation}.{message}.{_made(f'id {conversation} {message}', LENGTH)}@{domain}"


def ours(identifier: str) -> tuple[int, int] | None:
    """(conversation, message) of a Message-ID that we gave, None for every other one."""
    found = MESSAGE_ID.fullmatch(identifier)
    if found is None or not _holds(f"id {int(found[1])} {int(found[2])}", found[3]):
        return None
    return int(found[1]), int(found[2])


def plus_address(address: str, conversation: int) -> str:
    """The mailbox's address with the conversation in it."""
    name, _, domain = address.rpartition("@")
    return f"{name}+{conversation}.{_made(f'plus {conversation}', SHORT)}@{domain}"


def of_plus(addresses: Iterable[str]) -> int | None:
    """The conversation one of these addresses names."""
    for address in addresses:
        found = PLUS.fullmatch(address)
        if found and _holds(f"plus {int(found[1])}", found[2]):
            return int(found[1])
    return None


def subject_mark(number: str) -> str:
    return f"[{number}-{_made(f'subject {number}', SHORT)}]"


def of_subject(subject: str) -> str | None:
    """The number of the conversation a subject names."""
    for number, given in SUBJECT.findall(subject):
        if _holds(f"subject {number}", given):
            return str(number)
    return None


def without_mark(subject: str) -> str:
    return SUBJECT.sub("", subject).strip()


def seal_of(identifier: str) -> str:
    """What our own mails carry beside their Message-ID, so that we know them when they come back."""
    return _made(f"own {identifier}", LENGTH)


def is_sealed(identifier: str, given: str) -> bool:
    return bool(identifier) and _holds(f"own {identifier}", given)


def _made(what: str, length: int) -> str:
    return keyring().blinds(what, CONTEXT)[0][:length]


def _holds(what: str, given: str) -> bool:
    """Whether it was made by us, under any key still in use; only whole ones count."""
    if len(given) not in (LENGTH, SHORT) or not given.isascii():
        return False
    return any(hmac.compare_digest(made[: len(given)], given) for made in keyring().blinds(what, CONTEXT))
