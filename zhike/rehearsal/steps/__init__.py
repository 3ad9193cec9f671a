"""The vocabulary, one module for each section of docs/scenario-steps.md. Importing this package registers every step."""

from zhike.rehearsal.steps import (
    cast,
    deeds,
    duty,
    ledger,
    limit,
    portal,
    refused,
    sight,
    standing,
    talk,
    talked,
    time,
    todo,
)

__all__ = [
    "cast", "deeds", "duty", "ledger", "limit", "portal", "refused", "sight", "standing", "talk", "talked", "time", "todo",
]  # fmt: skip
