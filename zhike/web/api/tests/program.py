"""Other software in front of the API."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from zhike.web.api.scopes import SCOPES
from zhike.web.api.tokens import create_token
from zhike.web.tests.world import World

REGISTER = {
    "caller_name": "示例顾客",
    "caller_phone": "13800000101",
    "service_class": "complaint",
    "complaint_item": "service_quality",
    "content": "退货时收银员态度不好",
}


def made_token(world: World, who: str, *scopes: str, days: int = 30) -> str:
    _, secret = create_token(
        name="示例对接",
        owner=world.staff[who],
        scopes=scopes or SCOPES,
        expires_at=world.now + dt.timedelta(days=days),
        by=world.viewer("boss"),
        now=world.now,
    )
    return secret


def new_case(world: World, **more: Any) -> dict[str, Any]:
    """The body that registers a complaint about store 1."""
    values = {**REGISTER, "store": world.departments["store-1"].pk, **more}
    return {"handbook": world.version.name, "process": "service_ticket", "action": "register", "values": values}


class Program:
    """Sends JSON with its token; answers come as Django's test client gives them."""

    def __init__(self, secret: str, language: str = "zh-hans") -> None:
        self.secret = secret
        self.client = Client(headers={"Authorization": f"Bearer {secret}", "Accept-Language": language})

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(f"/api{path}", query, headers=_names(headers))

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        if key:
            headers["Idempotency_Key"] = key
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body)
        return self.client.post(f"/api{path}", data, content_type="application/json", headers=_names(headers))

    def upload(self, path: str, content: bytes, name: str = "note.txt", key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(f"/api{path}", {"file": SimpleUploadedFile(name, content)}, headers=headers)


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
