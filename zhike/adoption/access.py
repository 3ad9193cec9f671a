"""The only way a page gets a proposal: administrators decide about them, others open those they were asked to read."""

from __future__ import annotations

from zhike.adoption.models import Proposal, Receipt
from zhike.org.models import HandbookVersion
from zhike.org.principals import Viewer


class NotFound(LookupError):
    """No such proposal, or not for this viewer: the same answer for both."""


def proposal_for(viewer: Viewer, number: int) -> Proposal:
    """A proposal without its long texts, for whoever administers. Raises NotFound."""
    rows = Proposal.objects.defer("source", "text", "files").select_related(
        "base", "installed", "prepared_by", "decided_by"
    )
    found = rows.filter(pk=number).first() if viewer.is_admin else None
    if found is None:
        raise NotFound(number)
    return found


def receipt_for(viewer: Viewer, number: int) -> Receipt:
    """What this person was asked to read about the proposal of that number. Raises NotFound."""
    rows = Receipt.objects.select_related("proposal", "proposal__installed", "proposal__base")
    mine = rows.filter(proposal_id=number, staff=viewer.staff).first() if viewer.staff is not None else None
    if mine is None:
        raise NotFound(number)
    return mine


def version_for(viewer: Viewer, number: int) -> HandbookVersion:
    """An installed version, for whoever administers. Raises NotFound."""
    found = HandbookVersion.objects.filter(pk=number).first() if viewer.is_admin else None
    if found is None:
        raise NotFound(number)
    return found
