"""The forms of a page as a browser would send them: addresses, fields with their kinds, values and choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

TYPED = (
    "text",
    "textarea",
    "search",
    "tel",
    "email",
    "url",
    "number",
    "date",
    "time",
    "datetime-local",
    "month",
    "password",
    "color",
)


@dataclass
class Input:
    """One field. `kind`: the input's type, or textarea, select; `value`: what it comes with; `choices`: values one can choose."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)

    @property
    def is_typed(self) -> bool:
        return self.kind in TYPED


@dataclass
class Form:
    action: str
    method: str
    has_files: bool = False
    by_htmx: bool = False
    inputs: dict[str, Input] = field(default_factory=dict)
    """By name; of fields with the same name the first, which holds the choices of all."""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """(name, value) of buttons that say something of their own."""


def forms_of(html: str) -> list[Form]:
    """Every form of the page, in its order. A button with `hx-post` is a form without fields."""
    reader = _Forms()
    reader.feed(html)
    reader.close()
    return reader.forms


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.open: Form | None = None
        self.area: Input | None = None
        self.select: Input | None = None
        self.in_template = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.in_template += tag == "template"
        if tag == "form":
            self.open = Form(
                given.get("action", ""),
                given.get("method", "get").lower(),
                "multipart" in given.get("enctype", ""),
                "hx-post" in given,
            )
            self.forms.append(self.open)
        elif "hx-post" in given:
            self.forms.append(Form(given["hx-post"], "post", by_htmx=True))
        if self.open is None or self.in_template:
            return
        if tag == "input":
            self._input(self.open, given)
        elif tag == "textarea" and "name" in given:
            self.area = self.open.inputs.setdefault(given["name"], Input(given["name"], "textarea"))
        elif tag == "select" and "name" in given:
            self.select = self.open.inputs.setdefault(given["name"], Input(given["name"], "select"))
        elif tag == "option" and self.select is not None:
            value = given.get("value", "")
            self.select.choices.append(value)
            self.select.value = value if "selected" in given else self.select.value
        elif tag == "button" and given.get("name"):
            self.open.buttons.append((given["name"], given.get("value", "")))

    def _input(self, form: Form, given: dict[str, str]) -> None:
        kind, name = given.get("type", "text"), given.get("name", "")
        if not name or kind in ("submit", "button") or name == "csrfmiddlewaretoken":
            return
        known = form.inputs.setdefault(
            name, Input(name, "hidden" if "readonly" in given or "hidden" in given else kind)
        )
        if kind in ("radio", "checkbox"):
            known.choices.append(given.get("value", "on"))
            known.value = given.get("value", "on") if "checked" in given else known.value
        else:
            known.value = known.value or given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self.in_template -= tag == "template"
        if tag == "form":
            self.open = None
        elif tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.value += data
