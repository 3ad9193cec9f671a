"""The gate seen from the other side: which members of staff may see something with this audience."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from zhike.org.handbooks import external_roles
from zhike.org.principals import role_key

# The same keys as org.principals.keys_of makes for one person.
WHO_SEES = """
SELECT staff.id, staff.name, staff.username FROM org_staff AS staff
WHERE staff.is_active AND (%(among)s::bigint[] IS NULL OR staff.id = ANY(%(among)s::bigint[]))
    AND (%(named)s = '' OR strpos(lower(staff.name), %(named)s) > 0 OR strpos(lower(staff.username), %(named)s) > 0)
    AND ('staff:' || staff.id = ANY(%(audience)s::varchar[]) OR EXISTS (
        SELECT FROM org_assignment AS held WHERE held.staff_id = staff.id AND (
            (held.handbook || ':' || held.role = ANY(%(audience)s::varchar[])
                AND held.handbook || ':' || held.role <> ALL(%(external)s::varchar[]))
            OR held.handbook || ':' || held.role || '@' || held.department_id = ANY(%(audience)s::varchar[]))))
ORDER BY staff.name, staff.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff as somebody who may be addressed."""

    id: int
    name: str
    username: str


def who_sees(
    audience: Collection[str], *, among: Collection[int] | None = None, named: str = "", most: int = 1000
) -> list[Person]:
    """Active staff who may see it, by name: of those `among`, and whose name or user name holds `named`. Two queries."""
    asked = {
        "audience": list(audience), "among": None if among is None else list(among), "named": named.strip().lower(), "most": most,
        "external": [role_key(handbook, role) for handbook, role in external_roles()],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WHO_SEES, asked)
        return [Person(*row) for row in cursor.fetchall()]
