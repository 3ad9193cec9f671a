"""The signature of a delivery: HMAC-SHA256 over `timestamp.body`, once for each secret in force.

Zhike-Signature: t=1750000000,v1=5257a869...,v1=af31...
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

HEADER = "Zhike-Signature"


def signature(secrets: Sequence[str], timestamp: int, body: bytes) -> str:
    """The header's value. `timestamp`: whole seconds since 1970, when it was sent. While a secret is changed there are two."""
    signed = f"{timestamp}.".encode() + body
    each = (hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets)
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in each)])
