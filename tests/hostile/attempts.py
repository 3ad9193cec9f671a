"""What is sent instead of a form: nothing, everything empty, everything wrong, one wrong value among good ones, a file for words."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.hostile.forms import Form, Input
from zhike.web.tests.hostile import TEXTS

GOOD = {
    "number": "1", "date": "2025-06-09", "time": "09:30", "datetime-local": "2025-06-10T09:30", "tel": "13800000101", "month": "2025-06",
    "email": "a@example.com", "url": "https://example.com/", "password": "a-long-password-1", "color": "#225588", "file": None,
}  # fmt: skip
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ROW = re.compile(r"(.+__)(\d{1,4})(__.+)")
MANY = 2000


@dataclass(frozen=True)
class Size:
    """How much is tried: `each` bad values in each of at most `fields` fields among good ones, `whole` in all fields at once."""

    each: int
    fields: int
    whole: int

    @classmethod
    def of(cls, asked: str | None) -> Size:
        """The ordinary run's where nothing is asked for."""
        return cls(int(asked), 1000, 3 * int(asked)) if asked else cls(1, 4, 2)


@dataclass
class Attempt:
    """What is sent; `about`: a name for a message; `bad`: the one field that is wrong, "" where it is the whole form."""

    about: str
    values: dict[str, Any]
    bad: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    """What stood in fields somebody types into."""
    grows: bool = False
    """Fields are among them that the page did not have before: they come back too."""


def good(one: Input) -> Any:
    """A value such a field may take; what it came with before all."""
    if one.value or one.kind == "hidden":
        return one.value
    if one.choices:
        return next((choice for choice in one.choices if choice), "")
    if one.kind == "file":
        return SimpleUploadedFile("示例.png", PIXEL)
    return GOOD.get(one.kind) or "示例"


def attempts(form: Form, dice: random.Random, size: Size) -> Iterator[Attempt]:
    """What is sent of a form; a form that only presses a button is pressed, and sent with more than it asked for."""
    yield Attempt("nothing", {})
    yield Attempt("empty", dict.fromkeys(form.inputs, ""))
    yield _typed(form, "good", {name: good(one) for name, one in form.inputs.items()})
    for text in dice.sample(TEXTS, min(size.whole, len(TEXTS))):
        own = {name: one.value if one.kind == "hidden" else text for name, one in form.inputs.items()}
        yield _typed(form, f"all {text[:20]!r}", own)
    for name in dice.sample(list(form.inputs), min(size.fields, len(form.inputs))):
        for text in dice.sample(TEXTS, min(size.each, len(TEXTS))):
            values = {**{other: good(two) for other, two in form.inputs.items()}, name: text}
            yield _typed(form, f"{name} {text[:20]!r}", values, name)
    yield from _odd(form, dice)


def _odd(form: Form, dice: random.Random) -> Iterator[Attempt]:
    """A file for words, words for a file, a key that comes again, a name nobody asked for, a table of two thousand rows."""
    if not form.inputs:
        return
    values = {name: good(one) for name, one in form.inputs.items()}
    name = dice.choice(list(form.inputs))
    yield Attempt("a file for " + name, {**values, name: SimpleUploadedFile("示例.png", PIXEL)}, name)
    yield Attempt("three times " + name, {**values, name: ["示例", TEXTS[0], "-1"]}, name)
    yield Attempt(
        "more than asked",
        {**values, "owner": "1", "is_admin": "1", "__proto__": "x", "a__b__c": "x", name + "__absent": "x" * 9999},
    )
    for one in form.inputs.values():
        if one.kind == "file":
            yield Attempt("words for " + one.name, {**values, one.name: "示例"}, one.name)
            yield Attempt(
                "no picture in " + one.name,
                {**values, one.name: SimpleUploadedFile("\u202e示例\0.png", b"<script>")},
                one.name,
            )
    if tables := [found for found in map(ROW.fullmatch, form.inputs) if found]:
        writable = {name for name, one in form.inputs.items() if one.is_typed}
        rows = {f"{found[1]}{n}{found[3]}": "示例" for n in range(MANY) for found in tables}
        typed = {name: text for name, text in rows.items() if ROW.sub(r"\g<1>0\3", name) in writable}
        yield Attempt("many rows", {**values, **rows}, typed=typed, grows=True)


def _typed(form: Form, about: str, values: dict[str, Any], bad: str = "") -> Attempt:
    if bad and form.inputs[bad].kind == "hidden":
        return Attempt(about, values, bad)  # no browser sends that: it may say there is no such form
    typed = {name: values[name] for name, one in form.inputs.items() if one.is_typed and one.kind != "password"}
    return Attempt(about, values, bad, {name: text for name, text in typed.items() if isinstance(text, str)})
