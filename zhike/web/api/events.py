"""What happens to tokens, past tense. No fact ever holds a token or its digest."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("api_token.created")
@dataclass(frozen=True)
class TokenCreated(Event):
    name: str
    token: int
    scopes: tuple[str, ...] = ()
    expires_at: str = ""


@event("api_token.revoked")
@dataclass(frozen=True)
class TokenRevoked(Event):
    name: str
    token: int
