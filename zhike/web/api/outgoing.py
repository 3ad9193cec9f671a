"""The description of what the product sends by itself: the `webhooks` of openapi.json, one for each kind of event."""

from __future__ import annotations

from typing import Any

from zhike.webhooks.kinds import KINDS, VERSION

ENVELOPE: dict[str, Any] = {
    "version": {"type": "integer", "const": VERSION},
    "id": {"type": "string", "format": "uuid", "description": "The same on every attempt and replay."},
    "kind": {"type": "string"},
    "at": {"type": "string", "format": "date-time"},
    "position": {"type": ["integer", "null"], "description": "Grows from event to event of one subscription."},
    "subject": {"type": "string"},
    "handbook": {"type": "string"},
    "clauses": {"type": "array", "items": {"type": "string"}},
    "case": {"type": ["object", "null"]},
    "data": {"type": "object"},
}
CASE = {
    "number": "FW250610-000007", "handbook": "retail-hotline", "process": "service_ticket", "stage": "recorded", "status": "open",
    "department": 3,
}  # fmt: skip
HEADERS = {
    "Zhike-Delivery": "The id.",
    "Zhike-Kind": "The kind.",
    "Zhike-Attempt": "1 for the first.",
    "Zhike-Signature": "t=<seconds>,v1=<HMAC-SHA256 of `t.body`, hexadecimal>; two v1 while the secret is being changed.",
}


def envelope() -> dict[str, Any]:
    """The schema every event has in common."""
    return {"type": "object", "title": "WebhookEvent", "required": list(ENVELOPE), "properties": ENVELOPE}


def webhooks() -> dict[str, Any]:
    """{kind: path item} with an example of each."""
    return {kind: {"post": _operation(kind)} for kind in KINDS}


def _operation(kind: str) -> dict[str, Any]:
    told = KINDS[kind]
    example = {
        "version": VERSION, "id": "4b1c1a52-6d0c-4a83-9f0e-0f4b7f0b8a11", "kind": kind, "at": "2025-06-10T01:00:00+00:00",
        "position": 4711, "subject": "notice:5" if kind == "notice.told" else "case:7", "handbook": "retail-hotline",
        "clauses": ["CC-01"], "case": None if kind == "notice.told" else CASE, "data": dict(told.example),
    }  # fmt: skip
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookEvent"}, "example": example}}
    return {
        "operationId": f"webhook_{kind.replace('.', '_')}",
        "summary": told.words.en,
        "tags": ["webhooks"],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": words}
            for name, words in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {"2XX": {"description": "Taken. Anything else is tried again."}},
    }
