"""The vocabulary, one module for each section of docs/scenario-steps.md. Importing this package registers every step."""

from zhike.rehearsal.steps import (
    asked,
    cast,
    deeds,
    duty,
    lasting,
    ledger,
    left,
    limit,
    portal,
    presence,
    refused,
    sight,
    standing,
    talk,
    talked,
    texting,
    time,
    todo,
)  # fmt: skip

__all__ = [
    "asked", "cast", "deeds", "duty", "lasting", "ledger", "left", "limit", "portal", "presence", "refused", "sight", "standing",
    "talk", "talked", "texting", "time", "todo",
]  # fmt: skip
