"""What was filled in."""

from __future__ import annotations

from django.db.models import QuerySet

from zhike.records.models import Filling


def standing_fillings() -> QuerySet[Filling]:
    """Every filling but those that were undone."""
    return Filling.objects.filter(undone=None)


def fillings(subject: tuple[str, int], record: str | None = None) -> list[Filling]:
    """Every filling of a subject, or of one of its forms, oldest first. One query."""
    kind, number = subject
    found = standing_fillings().filter(subject_kind=kind, subject_id=number).order_by("id")
    return list(found if record is None else found.filter(record=record))


def latest(subject: tuple[str, int], record: str) -> Filling | None:
    """The filling of a form that counts: the last one."""
    kind, number = subject
    return standing_fillings().filter(subject_kind=kind, subject_id=number, record=record).order_by("-id").first()


def latest_of_each(subject: tuple[str, int]) -> dict[str, Filling]:
    """{record: its last filling}. One query."""
    kind, number = subject
    found = (
        standing_fillings().filter(subject_kind=kind, subject_id=number).order_by("record", "-id").distinct("record")
    )
    return {filling.record: filling for filling in found}
