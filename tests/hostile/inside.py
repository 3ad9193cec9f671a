"""Somebody in front of the product within the test's own process: what `tests.served.Person` is to a product that is served."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.served import Answer, File
from zhike.web.tests.house import House


class Inside:
    """`get` and `post` follow redirects and answer as over HTTP; what the product raises comes out. "": nobody signed in."""

    def __init__(self, house: House, who: str = "") -> None:
        self.who = who
        self.client = house.signed_in(who) if who else Client()
        self.seen: dict[str, Answer] = {}
        """Pages by the addresses asked for and those they came from, as they came first."""

    def get(self, path: str) -> Answer:
        answer = self._get(path)
        for address in (path, answer.path):
            self.seen.setdefault(address, answer)
        return answer

    def _get(self, path: str) -> Answer:
        return self._answer(path, self.client.get(path, follow=True, headers={"Accept": "text/html"}))

    def post(self, path: str, values: Mapping[str, Any], files: Mapping[str, File] | None = None) -> Answer:
        uploads = {name: SimpleUploadedFile(*file) for name, file in (files or {}).items()}
        return self._answer(path, self.client.post(path, {**values, **uploads}, follow=True))

    def _answer(self, path: str, response: Any) -> Answer:
        headers = Message()
        for name, value in response.items():
            headers[name] = value
        chain = getattr(response, "redirect_chain", [])
        body = b"" if response.streaming else response.content
        return Answer(response.status_code, body.decode(errors="replace"), chain[-1][0] if chain else path, headers)
