"""The department, as another program sees it. One method for each operation; lists are walked page by page."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, cast
from urllib.parse import quote, urlencode

from zhike.client.answers import (
    Card,
    Case,
    CaseRow,
    Clock,
    Customer,
    Done,
    Entry,
    File,
    HandbookRow,
    Me,
    Merged,
    Note,
    Notice,
    Tie,
)
from zhike.client.calls import Line, Problem, Unreachable

__all__ = ["Problem", "Unreachable", "Zhike"]


class Zhike:
    """`url` is where the product is, without /api. Every method raises Problem and Unreachable."""

    def __init__(self, url: str, token: str, *, language: str = "zh-hans", timeout: float = 30.0) -> None:
        self.line = Line(url, token, language, timeout)

    def __enter__(self) -> Zhike:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.opener.close()

    def me(self) -> Me:
        """Who the token acts as."""
        return cast(Me, self._get("/me"))

    def handbooks(self) -> list[HandbookRow]:
        return cast(list[HandbookRow], self._get("/handbooks")["items"])

    def handbook(self, name: str) -> dict[str, Any]:
        """Clauses, processes, records, roles."""
        return cast(dict[str, Any], self._get(f"/handbooks/{quote(name)}"))

    def ledger(self, handbook: str, clause: str, *, since: str = "", until: str = "", size: int = 50) -> dict[str, Any]:
        """The figures of a clause and its newest lines; ISO 8601 moments."""
        path = f"/handbooks/{quote(handbook)}/clauses/{quote(clause)}/ledger"
        return cast(dict[str, Any], self._get(path, since=since, until=until, size=size))

    def cases(
        self,
        *,
        q: str = "",
        handbook: str = "",
        process: str = "",
        stage: str = "",
        status: str = "",
        department: int | None = None,
        mine: bool = False,
    ) -> Iterator[CaseRow]:
        """Every case, newest first."""
        wanted: dict[str, Any] = {
            "q": q, "handbook": handbook, "process": process, "stage": stage, "status": status, "department": department,
            "mine": "true" if mine else "",
        }  # fmt: skip
        return cast(Iterator[CaseRow], self._walk("/cases", **wanted))

    def case(self, number: str) -> Case:
        return cast(Case, self._get(f"/cases/{quote(number)}"))

    def timeline(self, number: str) -> list[Entry]:
        """All of it, newest first."""
        return list(cast(Iterator[Entry], self._walk(f"/cases/{quote(number)}/timeline")))

    def open_case(
        self,
        handbook: str,
        process: str,
        action: str,
        values: Mapping[str, Any],
        *,
        attachments: Sequence[str] = (),
        key: str = "",
    ) -> Done:
        """`key` makes the same order the same case, also after your program was restarted; without it one is drawn."""
        body = {
            "handbook": handbook, "process": process, "action": action, "values": dict(values),
            "attachments": list(attachments),
        }  # fmt: skip
        return cast(Done, self._post("/cases", body, key))

    def act(
        self,
        number: str,
        action: str,
        values: Mapping[str, Any] | None = None,
        *,
        version: int | None = None,
        attachments: Sequence[str] = (),
        key: str = "",
    ) -> Done:
        """With `version` (of the case as it was read) a case that changed since raises Problem 412. `consent` of the answer is the
        number of the request where a clause wants the consent of others first.
        """
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        body = {"values": dict(values or {}), "attachments": list(attachments)}
        return cast(Done, self._post(f"/cases/{quote(number)}/actions/{quote(action)}", body, key, headers))

    def consents(self) -> dict[str, Any]:
        """`awaiting`: what waits for the token's owner; `mine`: what he asked for, the latest first."""
        return cast(dict[str, Any], self._get("/consents"))

    def decide(self, consent: int, agree: bool, words: str = "", *, key: str = "") -> dict[str, Any]:
        """Agree to what a colleague asks for, or decline it with a reason; `state` says what became of it."""
        return cast(dict[str, Any], self._post(f"/consents/{int(consent)}", {"agree": agree, "words": words}, key))

    def withdraw(self, consent: int, *, key: str = "") -> dict[str, Any]:
        return cast(dict[str, Any], self._post(f"/consents/{int(consent)}/withdraw", {}, key))

    def add_note(
        self, number: str, words: str, *, internal: bool = True, attachments: Sequence[str] = (), key: str = ""
    ) -> Note:
        """`internal=False` is a message the customer reads."""
        body = {"words": words, "internal": internal, "attachments": list(attachments)}
        return cast(Note, self._post(f"/cases/{quote(number)}/notes", body, key))

    def links(self, number: str) -> list[Tie]:
        """Parent and children, links, merged cases, as far as the token's owner may see them."""
        return cast(list[Tie], self._get(f"/cases/{quote(number)}/links")["items"])

    def link(self, number: str, other: str, kind: str = "related", *, key: str = "") -> list[Tie]:
        """`kind`: related, duplicate (of the other) or caused_by (the other)."""
        body = {"number": other, "kind": kind}
        return cast(list[Tie], self._post(f"/cases/{quote(number)}/links", body, key)["items"])

    def unlink(self, number: str, link: int, *, key: str = "") -> list[Tie]:
        return cast(list[Tie], self._post(f"/cases/{quote(number)}/links/{int(link)}/end", {}, key)["items"])

    def follow(self, number: str, follows: bool = True, *, key: str = "") -> bool:
        return bool(self._post(f"/cases/{quote(number)}/follow", {"follows": follows}, key)["follows"])

    def merge(self, number: str, into: str, *, confirmed: bool = False, key: str = "") -> Merged:
        """Raises Problem `unconfirmed` where the two differ in process or customer."""
        body = {"into": into, "confirmed": confirmed}
        return cast(Merged, self._post(f"/cases/{quote(number)}/merge", body, key))

    def unmerge(self, number: str, *, key: str = "") -> Merged:
        return cast(Merged, self._post(f"/cases/{quote(number)}/unmerge", {}, key))

    def undo(self, number: str, *, key: str = "") -> dict[str, Any]:
        """Take back the action just taken."""
        return cast(dict[str, Any], self._post(f"/cases/{quote(number)}/undo", {}, key))

    def upload(self, name: str, content: bytes, *, number: str = "", key: str = "") -> File:
        """A file for a form, or with `number` straight to that case."""
        path = f"/cases/{quote(number)}/attachments" if number else "/attachments"
        boundary = secrets.token_hex(16)
        head = (
            f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''{quote(name, safe='')}\r\n"
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": key or new_key()}
        return cast(File, self.line.call("POST", path, body, headers).json())

    def download(self, number: str, token: str) -> bytes:
        return self.line.call("GET", f"/cases/{quote(number)}/attachments/{quote(token)}").body

    def clocks(self, *, mine: bool = False) -> Iterator[Clock]:
        """Open ones, what is due next first."""
        return cast(Iterator[Clock], self._walk("/clocks", mine="true" if mine else ""))

    def customers(self, q: str = "", *, fields: Mapping[str, Any] | None = None, most: int = 20) -> list[Customer]:
        """The newest `most` by name, number or address, or by `fields` of handbooks' own: {"retail-hotline.best_time": "evening"}."""
        wishes = [f"{name}:{_said(value)}" for name, value in (fields or {}).items()]
        return list(islice(cast(Iterator[Customer], self._walk("/customers", size=20, q=q, field=wishes)), most))

    def customer(self, number: int) -> Customer:
        return cast(Customer, self._get(f"/customers/{int(number)}"))

    def keep_card(
        self, number: int, handbook: str, values: Mapping[str, Any], *, version: int | None = None, key: str = ""
    ) -> Card:
        """A handbook's own fields of a customer; None empties one. With `version` (of the card as read) Problem 412 when it changed."""
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        path = f"/customers/{int(number)}/cards/{quote(handbook)}"
        return cast(Card, self._post(path, {"values": dict(values)}, key, headers))

    def notices(self) -> Iterator[Notice]:
        """Newest first."""
        return cast(Iterator[Notice], self._walk("/notices"))

    def _walk(self, path: str, *, size: int = 100, **query: Any) -> Iterator[Any]:
        after = ""
        while True:
            page = self._get(path, **query, after=after, size=size)
            yield from page["items"]
            after = page["next"]
            if not after:
                return

    def _get(self, path: str, **query: Any) -> Any:
        asked = urlencode({name: value for name, value in query.items() if value not in ("", None)}, doseq=True)
        return self.line.call("GET", f"{path}?{asked}" if asked else path).json()

    def _post(self, path: str, body: Mapping[str, Any], key: str, headers: Mapping[str, str] | None = None) -> Any:
        sent = {"Content-Type": "application/json", "Idempotency-Key": key or new_key(), **(headers or {})}
        return self.line.call("POST", path, json.dumps(body, ensure_ascii=False).encode(), sent).json()


def _said(value: Any) -> str:
    """As an address says it: true, false, else as it stands."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def new_key() -> str:
    return secrets.token_urlsafe(24)
