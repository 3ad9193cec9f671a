"""Every page of the product as its people meet it: found by following links, named by the route behind each address.

    walk(product, "supervisor1")     the pages somebody can reach from where he begins, one of each kind
    furnish(product)                 what the sample department lacks: an import, a look at a number, a token, a customer's case

A new area needs nothing here: a page that can be reached by a link is found. A page nobody can reach by a link has no door.
"""

from __future__ import annotations

import re
import urllib.parse
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from django.urls import Resolver404, resolve

from tests.served import Answer, Person, Served, hidden

VISITOR = "visitor"
EVERYBODY = ("agent1", "supervisor1", "manager1", "deputy1", "admin", VISITOR)
"""One of each kind: takes the calls, leads the floor, runs a store, decides above it, keeps the house, and comes from the street."""
BEGINNINGS = {VISITOR: ("/portal/", "/portal/filed", "/portal/follow/code", "/portal/case", "/sign-in", "/welcome")}
OTHERS = ("/desk", "/style", "/shortcuts", "/api/docs", "/sandbox", "/notices", "/nothing-here", "/desk/mine-not")
OF_A_KIND = {"case_page:show": 5, "hand_over:hand_over": 1}
"""How many of one kind are worth a look; two of every other."""
WAYS = ("action", "record", "process")
"""Parts of an address that make another page of it, not another object."""
LEAVES = ("sign_in:sign_out", "portal:leave", "case_page:file", "portal:attachment", "api:nowhere", "api:openapi")


@dataclass(frozen=True, slots=True)
class Place:
    """One page of one person: its route's name, its address, and the kind it is one of."""

    who: str
    route: str
    path: str

    @property
    def name(self) -> str:
        """For files and lines: visitor-portal-file."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.who}-{self.route}-{self.path.partition('?')[0]}".lower()).strip("-")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.selecting = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.found.append(given["href"])
        elif tag == "button" and "hx-get" in given:
            # A button that fetches a form: without a script the form is a page of its own.
            self.found.append(given["hx-get"])
        elif tag == "form" and "data-select" in given:
            self.selecting = given["action"]
        elif tag == "input" and self.selecting and given.get("name") == "case":
            # A list whose rows can be chosen leads to what is done with the chosen ones.
            self.found.append(f"{self.selecting}?case={given['value']}")
            self.selecting = ""


def links(html: str) -> list[str]:
    """Addresses of this house a page leads to, in its order, without the part after `#`."""
    reader = _Links()
    reader.feed(html)
    inside = [link.partition("#")[0] for link in reader.found if link.startswith(("/", "?"))]
    return list(dict.fromkeys(link for link in inside if link))


def route_of(path: str) -> tuple[str, str]:
    """(name of the route, kind of page): cases by their actions, directories by their records; ("", "") for no address of ours."""
    try:
        found = resolve(path.partition("?")[0])
    except Resolver404:
        return "", ""
    ways = [str(found.kwargs[way]) for way in WAYS if way in found.kwargs]
    return found.view_name, ":".join([found.view_name, *ways])


def walk(
    product: Served, who: str, person: Person | None = None, beginnings: Sequence[str] | None = None
) -> list[Place]:
    """The pages `who` reaches by links, one or two of each kind, in the order they are met; `beginnings`: from elsewhere."""
    person = person or entered(product, who)
    usual = (*BEGINNINGS.get(who, ()), *(() if who == VISITOR else OTHERS))
    waiting = deque(usual if beginnings is None else beginnings)
    met: set[str] = set()
    kinds: dict[str, int] = {}
    found: list[Place] = []
    while waiting:
        path = waiting.popleft()
        route, kind = route_of(path)
        if path in met or route in LEAVES or kinds.get(kind, 0) >= OF_A_KIND.get(route, 2):
            continue
        met.add(path)
        answer = person.get(path)
        if answer.path.partition("?")[0] != path.partition("?")[0]:
            # It leads on by itself: the page is the one that came.
            path, (route, kind) = answer.path, route_of(answer.path)
            if path in met or kinds.get(kind, 0) >= OF_A_KIND.get(route, 2):
                continue
            met.add(path)
        if "text/html" not in answer.headers.get("Content-Type", "") or "<main" not in answer.text:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        found.append(Place(who, route or "nowhere", path))
        waiting.extend(_absolute(path, links(answer.text)))
    return found


def _absolute(path: str, found: Iterable[str]) -> Iterator[str]:
    return (urllib.parse.urljoin(path, link) for link in found)


def entered(product: Served, who: str) -> Person:
    """Somebody signed in, or a visitor who has filed a complaint and follows it."""
    person = Person(product)
    return filed(person) if who == VISITOR else person.sign_in(who)


def filed(visitor: Person) -> Person:
    """A visitor writes a complaint on the portal; its page stays open to him."""
    first = next(link for link in links(visitor.get("/portal/").text) if link.startswith("/portal/file/"))
    form = visitor.get(first)
    values = {
        "caller_name": "示例顾客", "caller_phone": "13800000061", "request_kind": "complaint",
        "content": "示例：排队半小时，收银台只开了一个。", **hidden(form.text),
    }  # fmt: skip
    answer = visitor.post(first, values)
    assert answer.path.startswith("/portal/filed"), answer.path
    number = re.search(r"[A-Z]+-?\d[\d-]+", answer.text)
    assert number, "no number on the page"
    asked = visitor.post("/portal/follow", {"number": number[0], "phone": values["caller_phone"]})
    assert asked.path == "/portal/follow/code", asked.path
    return visitor


def furnish(product: Served) -> None:
    """What the sample department lacks, made as people make it."""
    supervisor, admin = Person(product).sign_in("supervisor1"), Person(product).sign_in("admin")
    _import(supervisor)
    _look_at_a_number(supervisor)
    _token(admin)
    _webhook(admin)
    _change(admin, Person(product).sign_in("admin2"))


def _import(person: Person) -> Answer:
    person.get("/customers/imports")
    sheet = "姓名,电话,标签\n示例甲,13900000071,示例\n示例乙,不是号码,示例\n".encode()
    return person.post("/customers/imports", {}, {"file": ("示例名单.csv", sheet)})


def _look_at_a_number(person: Person) -> Answer:
    customer = next(link for link in links(person.get("/customers").text) if re.fullmatch(r"/customers/\d+", link))
    purpose = options(person.get(customer).text, "purpose")[0]
    return person.post(f"{customer}/unmask", {"what": "phone", "purpose": purpose, "words": "示例：核对号码"})


def _token(admin: Person) -> Answer:
    page = admin.get("/administration/tokens").text
    owner = next(value for value in options(page, "owner") if value)
    scope = re.findall(r'name="scopes" value="([^"]+)"', page)[0]
    expires = re.findall(r'name="expires"[^>]* value="([^"]+)"', page)[0]
    return admin.post(
        "/administration/tokens", {"name": "示例：门店报表", "owner": owner, "scopes": scope, "expires": expires}
    )


def _webhook(admin: Person) -> Answer:
    """Another program is told, or would be: nobody is at that address. A test is on its way to it."""
    page = admin.get("/administration/webhooks/new").text
    kinds = re.findall(r'name="kinds" value="([^"]+)"', page)[:2]
    owner = next(value for value in options(page, "owner") if value)
    values = {"name": "示例：仓库系统", "address": "https://hooks.invalid/zhike", "owner": owner, "kinds": kinds}
    shown = admin.post("/administration/webhooks/new", values)
    page = next(link for link in links(admin.get("/administration/webhooks").text) if re.fullmatch(r".*/\d+", link))
    assert shown.status in (200, 201), shown.text
    return admin.post(f"{page}/ping", {})


def options(html: str, name: str) -> list[str]:
    """The values one can choose in the select of that name."""
    choice = re.search(rf'<select[^>]* name="{name}".*?</select>', html, re.DOTALL)
    assert choice, f"no select {name}"
    return re.findall(r'<option value="([^"]*)"', choice[0])


def _change(admin: Person, second: Person) -> Answer:
    """Another value of a parameter, approved for a day no test reaches: a version to come, with people who are to read it."""
    address = "/administration/handbooks/retail-hotline/parameters/warn_share"
    admin.get(address)
    values = {"value": "85", "when": "at", "from": "2098-01-01T00:00", "why": "示例：晚些提醒"}
    proposal = admin.post(address, values)
    assert "/proposals/" in proposal.path, proposal.text
    second.get(proposal.path)
    return second.post(f"{proposal.path}/approve", {})
