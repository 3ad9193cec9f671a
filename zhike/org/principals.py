"""Who may see, hold and be told: principals as plain strings, and the viewer who carries a set of them.

    staff:5                          one person
    customer:9                       one customer
    system, anonymous                the product itself, nobody in particular
    retail-hotline:store_manager     whoever holds the role, anywhere
    retail-hotline:store_manager@12  whoever holds the role in department 12

A case, a clock, a notice and a fact each carry a list of principals; somebody may see it when that list and the viewer's keys
share a member. The same rule serves pages (array overlap in SQL) and the live feed (set intersection in memory).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from zhike.handbook.book import Book
from zhike.org.models import Assignment, Department, Staff

Held = tuple[str, str, int | None]
"""(handbook, role, department id) of an assignment."""

RoleName = tuple[str, str]
"""(handbook, role)."""

SYSTEM = "system"
ANONYMOUS = "anonymous"
OUTSIDE_SCREENS = frozenset({"desk", "board", "cases", "approvals", "handbook"})
"""What a handbook may open for partners: never the archive of customers, the directories, the figures."""
ADMIN_SCREENS = frozenset({"administration", "handbook"})


def staff_key(staff_id: int) -> str:
    return f"staff:{staff_id}"


def staff_number(principal: str) -> int | None:
    """The id in a person's principal; None for any other principal."""
    kind, _, number = principal.partition(":")
    return int(number) if kind == "staff" and number.isdigit() else None


def customer_key(customer_id: int) -> str:
    return f"customer:{customer_id}"


def role_key(handbook: str, role: str, department_id: int | None = None) -> str:
    """The principal of everybody with `role`, in one department or anywhere."""
    return f"{handbook}:{role}" if department_id is None else f"{handbook}:{role}@{department_id}"


def role_of(principal: str) -> str:
    """The role id in a role principal; "" for any other principal."""
    handbook, colon, rest = principal.partition(":")
    return rest.partition("@")[0] if colon and handbook not in ("staff", "customer") else ""


def department_of(principal: str) -> int | None:
    """The department id in a role principal, None where it names none."""
    _, at, number = principal.partition("@")
    return int(number) if at and number.isdigit() else None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks or acts, with everything he may be addressed as."""

    principal: str
    keys: frozenset[str]
    name: str = ""
    staff: Staff | None = None
    is_admin: bool = False
    language: str = "zh-hans"
    screens: frozenset[str] = frozenset()
    roles: tuple[Held, ...] = field(default=())
    stands_for: tuple[tuple[int, str], ...] = ()
    """(id, name) of absent colleagues in whose place he acts at this moment, with his own rights (org/substitution.py)."""
    answers: bool = False
    """He holds a role that answers a queue of conversations."""
    is_external: bool = False
    """Of a partner: every role he holds is one the handbook marks `external`. He sees his own department's and nothing else."""

    def holds(self, principals: Iterable[str]) -> bool:
        """True when one of `principals` is this viewer."""
        return not self.keys.isdisjoint(principals)

    def in_role(self, handbook: str, role: str) -> bool:
        """Whether he holds the role, in whatever department."""
        return role_key(handbook, role) in self.keys or any((h, r) == (handbook, role) for h, r, _ in self.roles)

    @property
    def stood_for(self) -> frozenset[str]:
        """The principals of those absent colleagues. They open nothing; what is addressed to them is shown where his own keys do."""
        return frozenset(staff_key(number) for number, _ in self.stands_for)

    @property
    def turns(self) -> list[str]:
        """Whose turn is his: his own keys, and the absent colleagues'. Only together with a gate of his own keys."""
        return sorted(self.keys | self.stood_for)

    @property
    def places(self) -> frozenset[int]:
        """The departments in which he holds a role."""
        return frozenset(place for _, _, place in self.roles if place is not None)


SYSTEM_VIEWER = Viewer(principal=SYSTEM, keys=frozenset({SYSTEM}), name="系统")
ANONYMOUS_VIEWER = Viewer(principal=ANONYMOUS, keys=frozenset({ANONYMOUS}))


def customer_viewer(customer_id: int, name: str = "", language: str = "zh-hans") -> Viewer:
    """A customer on the portal: sees what is addressed to him, nothing else."""
    key = customer_key(customer_id)
    return Viewer(principal=key, keys=frozenset({key}), name=name, language=language)


def keys_of(
    staff_id: int, assignments: Iterable[Assignment], external: Collection[RoleName] = frozenset()
) -> frozenset[str]:
    """Every principal a staff member answers to; `external` are the roles of partners among those he may hold."""
    return _keys(staff_id, ((held.handbook, held.role, held.department_id) for held in assignments), external)


def _keys(staff_id: int, held: Iterable[Held], external: Collection[RoleName]) -> frozenset[str]:
    """A partner's role opens what is addressed to his own department, never what all departments of the kind are told."""
    keys = {staff_key(staff_id)}
    for handbook, role, department in held:
        if (handbook, role) not in external:
            keys.add(role_key(handbook, role))
        if department is not None:
            keys.add(role_key(handbook, role, department))
    return frozenset(keys)


def viewer_of(
    staff: Staff,
    held: Sequence[Held],
    screens: Iterable[str],
    external: Collection[RoleName] = frozenset(),
    stands_for: Iterable[tuple[int, str]] = (),
    answers: bool = False,
) -> Viewer:
    """The viewer a signed-in staff member is who holds these roles and may open these screens; a disabled one holds no key at all."""
    if not staff.is_active:
        return ANONYMOUS_VIEWER
    outside = not staff.is_admin and bool(held) and all((handbook, role) in external for handbook, role, _ in held)
    opened = OUTSIDE_SCREENS.intersection(screens) if outside else frozenset(screens)
    return Viewer(
        principal=staff_key(staff.pk),
        keys=_keys(staff.pk, held, external),
        name=staff.name,
        staff=staff,
        is_admin=staff.is_admin,
        language=staff.language or "zh-hans",
        screens=opened | (ADMIN_SCREENS if staff.is_admin else frozenset()),
        roles=tuple(held),
        stands_for=tuple(stands_for),
        answers=answers,
        is_external=outside,
    )


def resolve(book: Book, role: str, department: Department | None, owner_id: int | None = None) -> str:
    """The principal of `role` seen from the responsible department.

    `owner` is the case's owner where it has one. A role held at a kind of department resolves to the department of that kind on the
    path of `department`; a role that is not found there resolves company-wide.
    """
    if role == "owner" and owner_id is not None:
        return staff_key(owner_id)
    if role in (SYSTEM, "customer"):
        return role
    return role_key(book.name, role, place_of(book, role, department))


def place_of(book: Book, role: str, department: Department | None) -> int | None:
    """The id of the department where `role` is held, seen from `department`; None where it is not held on the way up."""
    places = book.role(role).places
    return department_at(department, *places) if department is not None and places else None


def resolve_all(
    book: Book, roles: Sequence[str], department: Department | None, owner_id: int | None = None
) -> list[str]:
    return [resolve(book, role, department, owner_id) for role in roles]


def department_at(department: Department, *kinds: str) -> int | None:
    """The id of the nearest department of one of `kinds` on the way from `department` up to the root, itself included."""
    for pk, its_kind in zip(reversed(department.path), reversed(department.kinds), strict=True):
        if its_kind in kinds:
            return pk
    return department.pk if department.kind in kinds else None
