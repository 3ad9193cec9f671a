"""The vocabulary, one module for each section of docs/scenario-steps.md. Importing this package registers every step."""

from zhike.rehearsal.steps import cast, deeds, duty, ledger, limit, portal, refused, sight, standing, time, todo

__all__ = ["cast", "deeds", "duty", "ledger", "limit", "portal", "refused", "sight", "standing", "time", "todo"]
