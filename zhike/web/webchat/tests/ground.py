"""A visitor without a browser: his secret, his site, and what the widget would send. All of it is made up (示例)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import zlib
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from zhike.conversations.models import Inbox

SITE = "https://shop.example"
SETTINGS: dict[str, Any] = {"origins": [SITE], "trail": True}


def inbox_with(**told: Any) -> Inbox:
    """The inbox `shop` as the tests' ground makes it, with these settings."""
    inbox = Inbox.objects.get(key="shop")
    inbox.settings = SETTINGS | told
    inbox.save(update_fields=["settings"])
    return inbox


class Visitor:
    """Sends what a widget sends. `origin` "" is a page of our own."""

    def __init__(self, secret: str = "v" * 43, origin: str = SITE, language: str = "zh-hans") -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Visitor {secret}", "Accept-Language": language}
        if origin:
            self.headers["Origin"] = origin

    def post(self, path: str, **told: Any) -> Any:
        return self.client.post(f"/chat/shop/{path}", told, content_type="application/json", headers=self.headers)

    def get(self, path: str) -> Any:
        return self.client.get(f"/chat/shop/{path}", headers=self.headers)

    def writes(self, words: str, key: str = "key-00000001", **told: Any) -> Any:
        return self.post("messages", words=words, key=key, **told)

    def state(self, **query: Any) -> Any:
        return self.get("state?" + "&".join(f"{name}={value}" for name, value in query.items())).json()

    def sends(self, content: bytes, name: str = "picture.png", *, left: bool = False) -> Any:
        file = SimpleUploadedFile(name, content)
        return self.client.post(f"/chat/shop/files{'?left=1' if left else ''}", {"file": file}, headers=self.headers)


def png(width: int, height: int) -> bytes:
    """A grey picture, made by hand."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x99" * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def token_of(secret: str, **claims: Any) -> str:
    """A token as a site signs it."""
    parts = [_coded(json.dumps(each).encode()) for each in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _coded(signed)])


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
