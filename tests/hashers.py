"""Hashes that cost nothing, for tests."""

from __future__ import annotations

from django.contrib.auth.hashers import MD5PasswordHasher


class QuickRecoveryHasher(MD5PasswordHasher):
    algorithm = "recovery"
