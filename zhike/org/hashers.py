"""How recovery codes are hashed: Argon2id at the least cost OWASP names for it, because ten are made at once.

A code has 60 random bits beside its index; a password has far fewer, and keeps the full cost.
"""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class RecoveryHasher(Argon2PasswordHasher):
    algorithm = "recovery"
    time_cost = 2
    memory_cost = 19_456
    """KiB."""
    parallelism = 1
