"""What pages read about handbooks on their way."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from zhike.adoption.models import Proposal, Receipt
from zhike.org.models import HandbookVersion, Staff


def proposals(*, closed: bool) -> QuerySet[Proposal]:
    """Proposals without their content, the newest first: those still to be decided, or the others."""
    rows = Proposal.objects.defer("source", "text", "files", "study", "parameters").select_related(
        "prepared_by", "decided_by"
    )
    wanted = rows.exclude(state__in=Proposal.OPEN) if closed else rows.filter(state__in=Proposal.OPEN)
    return wanted.order_by("-id")


@dataclass(frozen=True, slots=True)
class Readers:
    """How many were told, have read, and have not."""

    told: int
    read: int

    @property
    def missing(self) -> int:
        return self.told - self.read


def readers_of(proposals: list[int]) -> dict[int, Readers]:
    """One query for any number of proposals."""
    rows = Receipt.objects.filter(proposal_id__in=proposals).values_list("proposal_id")
    counted = rows.annotate(told=Count("id"), read=Count("id", filter=Q(read_at__isnull=False))).order_by()
    return {number: Readers(told, read) for number, told, read in counted}


def receipts(proposal: Proposal) -> QuerySet[Receipt]:
    """Who was told, those who have not read first."""
    return proposal.receipts.select_related("staff").order_by("read_at", "staff__name")


def to_read(staff: Staff) -> list[Receipt]:
    """What this person was asked to read and has not confirmed, the oldest first."""
    rows = Receipt.objects.filter(staff=staff, read_at=None, proposal__installed__isnull=False)
    return list(
        rows.select_related("proposal", "proposal__installed")
        .defer("proposal__source", "proposal__text")
        .order_by("id")
    )


def parameter_changes(name: str, parameter: str = "") -> QuerySet[Proposal]:
    """Changes of parameters of a handbook, or of one, the newest first."""
    rows = Proposal.objects.filter(name=name, kind=Proposal.Kind.PARAMETERS).select_related(
        "prepared_by", "decided_by", "installed"
    )
    rows = rows.filter(touched__parameter=parameter) if parameter else rows
    return rows.defer("source", "text", "files", "study").order_by("-id")


def versions_of(name: str) -> list[HandbookVersion]:
    """Every installed version, the last to take effect first."""
    return list(HandbookVersion.objects.filter(name=name).defer("source", "text").order_by("-effective_from", "-id"))
