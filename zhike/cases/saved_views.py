"""Saved views of the list of cases: kept, shared, pinned, made the default of a role, deleted and brought back.

A view is a question, never an answer: whoever opens a shared one sees the cases of his own, through the one gate.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from zhike.cases.events import ViewDeleted, ViewMadeDefault, ViewRestored, ViewSaved, ViewShared
from zhike.cases.listing import Asked
from zhike.cases.models import DefaultView, SavedView, ViewPin
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.statements import array_of
from zhike.lib.text import clean_line
from zhike.org.models import Department, Staff
from zhike.org.principals import Viewer, role_key, staff_key

MOST_VIEWS = 60
"""Views of one person."""
MOST_PINS = 8
KEPT = dt.timedelta(days=30)
"""How long a deleted view can be restored."""
LONGEST_NAME = 40
SCREEN = "board"
"""Who answers for others' work may share with them."""
DEPARTMENT = "department:"

NO_NAME = Text(zh="请给视图起个名字。", en="Give the view a name.")
SAME_NAME = Text(zh="您已有同名的视图，请换个名字。", en="You have a view of that name. Choose another.")
TOO_MANY = Text(
    zh=f"一个人最多保存{MOST_VIEWS}个视图。请先删去用不到的。", en=f"{MOST_VIEWS} views at most. Delete one first."
)
TOO_MANY_PINS = Text(
    zh=f"最多固定{MOST_PINS}个视图。请先取消一个。", en=f"{MOST_PINS} views can be pinned. Unpin one first."
)
NOT_SHARED = Text(
    zh="只能分享给您所管的岗位和部门。", en="A view is shared only with roles and departments that report to you."
)


class ViewRefused(Exception):
    """What was asked of a view cannot be done; says why."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.zh)
        self.words = words


class NoSuchView(LookupError):
    """Unknown, deleted, or not for this viewer: the same answer for all."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A view as this viewer sees it."""

    id: int
    name: str
    asked: dict[str, object]
    owner: str
    mine: bool
    shared_with: tuple[str, ...]
    pinned: bool
    default_of: tuple[str, ...]


LISTED = """
SELECT v.id, v.name, v.asked::text, s.name, v.owner_id, v.shared_with, p.id,
    ARRAY(SELECT principal::text FROM cases_defaultview WHERE view_id = v.id ORDER BY principal)
FROM cases_savedview v JOIN org_staff s ON s.id = v.owner_id
LEFT JOIN cases_viewpin p ON p.view_id = v.id AND p.staff_id = %s
WHERE v.deleted_at IS NULL AND (v.owner_id = %s OR v.shared_with && %s::varchar[])
ORDER BY p.id NULLS LAST, v.name, v.id
"""


def views_for(viewer: Viewer) -> list[Listed]:
    """The viewer's own views and those shared with him, the pinned ones first. One query."""
    if viewer.staff is None:
        return []
    me = viewer.staff.pk
    with connection.cursor() as cursor:
        cursor.execute(LISTED, [me, me, array_of(share_keys(viewer))])
        rows = cursor.fetchall()
    return [
        Listed(pk, name, json.loads(asked), owner, owner_id == me, tuple(shared), pin is not None, tuple(defaults))
        for pk, name, asked, owner, owner_id, shared, pin, defaults in rows
    ]


def share_keys(viewer: Viewer) -> frozenset[str]:
    """What a view may be shared with for this viewer to see it."""
    places = {f"{DEPARTMENT}{department}" for _, _, department in viewer.roles if department is not None}
    return viewer.keys | places


def default_for(viewer: Viewer, views: Sequence[Listed]) -> Listed | None:
    """The view this viewer begins with: the default of the role he was given first."""
    roles = [role_key(handbook, role) for handbook, role, _ in viewer.roles]
    return next((view for role in roles for view in views if role in view.default_of), None)


def own_view(viewer: Viewer, number: int, *, deleted: bool = False) -> SavedView:
    """A view this viewer may change: his own. Raises NoSuchView."""
    found = SavedView.objects.filter(pk=number, owner=viewer.staff, deleted_at__isnull=not deleted).first()
    if found is None or viewer.staff is None:
        raise NoSuchView(number)
    return found


def seen_view(viewer: Viewer, number: int) -> SavedView:
    """A view this viewer may use. Raises NoSuchView."""
    found = SavedView.objects.filter(pk=number, deleted_at=None).first()
    shared = found is not None and not share_keys(viewer).isdisjoint(found.shared_with)
    if found is None or viewer.staff is None or not (shared or found.owner_id == viewer.staff.pk):
        raise NoSuchView(number)
    return found


def save_view(name: str, asked: Asked, *, by: Viewer, now: dt.datetime, copy_of: int | None = None) -> SavedView:
    """Keep a question under a name of one's own. Raises ViewRefused."""
    owner = _person(by)
    with transaction.atomic():
        Staff.objects.select_for_update().get(pk=owner.pk)
        name = _name(name, owner)
        if SavedView.objects.filter(owner=owner, deleted_at=None).count() >= MOST_VIEWS:
            raise ViewRefused(TOO_MANY)
        view = SavedView.objects.create(owner=owner, name=name, asked=asked.kept(), created_at=now, changed_at=now)
        _tell(view, ViewSaved(name=name, asked=view.asked, copy_of=copy_of), now)
    return view


def change_view(view: SavedView, *, now: dt.datetime, name: str | None = None, asked: Asked | None = None) -> None:
    """Another name, or another question. Raises ViewRefused."""
    with transaction.atomic():
        if name is not None:
            view.name = _name(name, view.owner, besides=view.pk)
        if asked is not None:
            view.asked = asked.kept()
        view.changed_at = now
        view.save(update_fields=["name", "asked", "changed_at"])
        _tell(view, ViewSaved(name=view.name, asked=view.asked), now)


def share_view(
    view: SavedView, principals: Collection[str], *, by: Viewer, now: dt.datetime, books: Sequence[Book]
) -> None:
    """Share with exactly these roles and departments; a role it is no longer shared with loses it as its default.

    Raises ViewRefused for one that `by` may not share with; what it was shared with before may stay.
    """
    wanted, before = sorted(set(principals)), list(view.shared_with)
    allowed = {target.principal for target in targets_of(by, books)}
    if set(wanted) - set(before) - allowed:
        raise ViewRefused(NOT_SHARED)
    with transaction.atomic():
        view.shared_with, view.changed_at = wanted, now
        view.save(update_fields=["shared_with", "changed_at"])
        DefaultView.objects.filter(view=view).exclude(principal__in=wanted).delete()
        _tell(view, ViewShared(shared=wanted, before=before), now, before)


def make_default(
    view: SavedView, roles: Collection[str], *, by: Viewer, now: dt.datetime, books: Sequence[Book]
) -> None:
    """Let those who hold one of these roles begin with this view; it is shared with them. Raises ViewRefused."""
    wanted = sorted(set(roles))
    if set(wanted) - {t.principal for t in targets_of(by, books) if not t.principal.startswith(DEPARTMENT)}:
        raise ViewRefused(NOT_SHARED)
    with transaction.atomic():
        if set(wanted) - set(view.shared_with):
            share_view(view, {*view.shared_with, *wanted}, by=by, now=now, books=books)
        DefaultView.objects.filter(view=view).exclude(principal__in=wanted).delete()
        for role in wanted:
            DefaultView.objects.update_or_create(principal=role, defaults={"view": view})
        _tell(view, ViewMadeDefault(roles=wanted), now)


def delete_view(view: SavedView, *, now: dt.datetime) -> None:
    """Take it away from everybody; `restore_view` brings it back with its pins and defaults."""
    with transaction.atomic():
        view.deleted_at = now
        view.save(update_fields=["deleted_at"])
        _tell(view, ViewDeleted(name=view.name), now)


def restore_view(view: SavedView, *, now: dt.datetime) -> None:
    """Undo the deletion. Raises ViewRefused where another view took its name, NoSuchView after `KEPT`."""
    if view.deleted_at is None or now - view.deleted_at > KEPT:
        raise NoSuchView(view.pk)
    with transaction.atomic():
        view.name = _name(view.name, view.owner)
        view.deleted_at = None
        view.save(update_fields=["deleted_at"])
        _tell(view, ViewRestored(name=view.name), now)


def deleted_views(viewer: Viewer, now: dt.datetime) -> list[SavedView]:
    """What the viewer may still restore, the latest first."""
    mine = SavedView.objects.filter(owner=viewer.staff, deleted_at__gt=now - KEPT)
    return list(mine.order_by("-deleted_at", "-id")[:20])


def pin_view(view: SavedView, *, by: Viewer, now: dt.datetime) -> None:
    """Keep it at hand. Raises ViewRefused beyond `MOST_PINS`."""
    person = _person(by)
    with transaction.atomic():
        Staff.objects.select_for_update().get(pk=person.pk)
        pins = ViewPin.objects.filter(staff=person, view__deleted_at=None)
        if pins.count() >= MOST_PINS and not pins.filter(view=view).exists():
            raise ViewRefused(TOO_MANY_PINS)
        ViewPin.objects.get_or_create(staff=person, view=view, defaults={"at": now})


def unpin_view(view: SavedView, *, by: Viewer) -> None:
    ViewPin.objects.filter(staff=_person(by), view=view).delete()


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a view may be shared with: a role's principal, or a department."""

    principal: str
    title: Text
    book: Book | None = None


def targets_of(viewer: Viewer, books: Sequence[Book]) -> list[Target]:
    """Roles and departments this viewer may share with: administrators with all, those who answer for others with their own role,
    those below it, and the departments they are assigned to with what belongs to them.
    """
    if not (viewer.is_admin or SCREEN in viewer.screens):
        return []
    found = [
        Target(role_key(book.name, role.id), role.title, book)
        for book in books
        for role in book.handbook.roles
        if not (role.is_customer or role.is_system) and (viewer.is_admin or _answers_for(viewer, book, role.id))
    ]
    return found + [Target(f"{DEPARTMENT}{pk}", Text(zh=name, en=name)) for pk, name in _departments(viewer)]


def _answers_for(viewer: Viewer, book: Book, role: str) -> bool:
    """Whether he holds the role himself or one that it reports to, directly or not."""
    seen: set[str] = set()
    at: str | None = role
    while at and at not in seen:
        if viewer.in_role(book.name, at):
            return True
        seen.add(at)
        try:
            at = book.role(at).reports_to
        except LookupError:
            return False
    return False


def _departments(viewer: Viewer) -> list[tuple[int, str]]:
    rows = Department.objects.filter(is_active=True).order_by("name")
    if not viewer.is_admin:
        mine = {department for _, _, department in viewer.roles if department is not None}
        rows = rows.filter(path__overlap=sorted(mine))
    return list(rows.values_list("pk", "name")[:500])


def _name(name: str, owner: Staff, besides: int = 0) -> str:
    cleaned = clean_line(name[: 4 * LONGEST_NAME])[:LONGEST_NAME].strip()
    if not cleaned:
        raise ViewRefused(NO_NAME)
    if SavedView.objects.filter(owner=owner, name=cleaned, deleted_at=None).exclude(pk=besides).exists():
        raise ViewRefused(SAME_NAME)
    return cleaned


def _person(viewer: Viewer) -> Staff:
    if viewer.staff is None:
        raise NoSuchView
    return viewer.staff


def _tell(view: SavedView, event: Event, now: dt.datetime, before: Collection[str] = ()) -> None:
    told = {p for p in (*view.shared_with, *before) if not p.startswith(DEPARTMENT)} | {staff_key(view.owner_id)}
    fact = NewFact(
        event, at=now, subject=("view", view.pk), actor=staff_key(view.owner_id), audience=tuple(sorted(told))
    )
    record([fact])
