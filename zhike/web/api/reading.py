"""Reading what programs send, without trusting it: strict JSON, of bounded size and depth, without odd characters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja.parser import Parser

from zhike.handbook.structure import FieldDef
from zhike.records.posting import ABSENT, EXPLAIN
from zhike.records.values import is_filled_by_product
from zhike.web.api.problems import Problem, unreadable
from zhike.web.base.errors import read_to_its_end

MOST_JSON = 1024 * 1024
"""Bytes of a JSON body."""
MOST_UPLOAD = 11 * 1024 * 1024
"""Bytes of an upload with what multipart adds; the file itself is measured where it is stored."""
DEEPEST = 16


class StrictParser(Parser):
    """JSON as RFC 8259 has it: no NaN, no doubled names, no half characters, no NUL, at most 16 levels."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            found = json.loads(request.body, parse_constant=_no_constant, object_pairs_hook=_once_each)
            _check(found, 0)
        except (ValueError, RecursionError) as error:
            raise unreadable(gettext("请求内容不是规范的 JSON。")) from error
        if not isinstance(found, dict):
            raise unreadable(gettext("请求内容应是一个 JSON 对象。"))
        return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("NUL")
        value.encode()  # half a surrogate pair is a UnicodeEncodeError, which is a ValueError
    elif isinstance(value, dict):
        for name, each in value.items():
            _check(name, depth + 1)
            _check(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, depth + 1)
    elif isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("a number nobody means")


def check_size_and_type(request: HttpRequest, upload: bool) -> None:
    """Raises Problem 413 or 415 before anything is read."""
    if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
        raise Problem(411, "unreadable", gettext("请给出 Content-Length；不收分块发送的内容。"))
    length = request.META.get("CONTENT_LENGTH") or "0"
    most = MOST_UPLOAD if upload else MOST_JSON
    if not length.isascii() or not length.isdigit() or len(length) > 15:
        raise unreadable(gettext("Content-Length 不是数字。"))
    if int(length) > most:
        read_to_its_end(request)
        raise Problem(413, "too_large", gettext("请求内容最多 %(most)d KB。") % {"most": most // 1024})
    wanted = "multipart/form-data" if upload else "application/json"
    if request.content_type != wanted:
        raise Problem(415, "media_type", gettext("Content-Type 应为 %(wanted)s。") % {"wanted": wanted})


def unknown_fields(fields: Iterable[FieldDef], values: Mapping[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """{field: why} for what the form does not declare, or the product itself fills in; tables included."""
    known = {field.id: field for field in fields}
    beside = {name + end for name in known for end in (ABSENT, EXPLAIN)}
    wrong: dict[str, list[str]] = {}
    for name, value in values.items():
        if name in beside:
            continue
        field = known.get(name)
        if field is None:
            wrong[f"{prefix}{name}"] = [gettext("没有这个字段。")]
        elif is_filled_by_product(field):
            wrong[f"{prefix}{name}"] = [gettext("这个字段由系统填写。")]
        elif field.type == "rows" and isinstance(value, list):
            for number, row in enumerate(value):
                if isinstance(row, Mapping):
                    wrong |= unknown_fields(field.columns, row, f"{prefix}{name}__{number}__")
    return wrong
