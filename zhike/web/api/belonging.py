"""Cases as wholes: what they are tied to, who follows, merging and undoing. The verbs are those of the pages."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Router
from ninja.params.functions import Path
from ninja.responses import Status
from pydantic import ConfigDict, Field

from zhike.cases.access import case_for
from zhike.cases.followers import follow_case, unfollow_case
from zhike.cases.links import Tied, around, link_cases, unlink_cases
from zhike.cases.merging import merge_cases, undo_merge
from zhike.cases.models import Case
from zhike.cases.undo import undo_deed
from zhike.org.handbooks import book_of
from zhike.web.api.guard import Call
from zhike.web.api.shapes import PROBLEMS, WRITE_PROBLEMS, Asked, Named, Shape
from zhike.web.api.telling import named

router = Router(tags=["cases"])
NUMBER = "FW250610000007"


class TiedOut(Shape):
    """Another case the caller may see. `tie`: how it stands to this one."""

    tie: str = Field(
        description="parent, child, leading, absorbed, related, duplicate, duplicated_by, caused_by, causes, split_from, split_into"
    )
    link: int = Field(description="The id of the link; 0 where it is none.")
    number: str
    title: str
    stage: Named
    status: str = Field(description="open or closed")


EXAMPLE_TIE: dict[str, Any] = {
    "tie": "duplicate", "link": 4, "number": "FW250610000003", "title": "退货时收银员态度不好",
    "stage": {"id": "recorded", "title": "已登记"}, "status": "open",
}  # fmt: skip


class TiesOut(Shape):
    """Relatives, links and merges of a case, as far as the caller may see them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"number": NUMBER, "items": [EXAMPLE_TIE]}]})

    number: str
    items: list[TiedOut]


class NewLink(Asked):
    """This case is related to the other, a duplicate of it, or caused by it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"number": "FW250610000003", "kind": "duplicate"}]})

    number: str = Field(max_length=60)
    kind: Literal["related", "duplicate", "caused_by"]


class Following(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"follows": True}]})

    follows: bool


class FollowingOut(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"number": NUMBER, "follows": True}]})

    number: str
    follows: bool


class Merging(Asked):
    """`into`: the case that leads. `confirmed`: they differ in process or customer and are one matter all the same."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"into": "FW250610000003", "confirmed": False}]})

    into: str = Field(max_length=60)
    confirmed: bool = False


class MergedOut(Shape):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": NUMBER, "status": "closed", "merged_into": "FW250610000003"}]}
    )

    number: str
    status: str = Field(description="open or closed")
    merged_into: str | None


class UndoneOut(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"number": NUMBER, "stage": {"id": "recorded", "title": "已登记"}, "version": 7}]
        }
    )

    number: str
    stage: Named
    version: int


def tied_out(each: Tied) -> TiedOut:
    stage = named(book_of(each.version_id).stage(each.process, each.stage))
    return TiedOut(tie=each.tie, link=each.link, number=each.number, title=each.title, stage=stage, status=each.status)


def _ties(case: Case, request: Call) -> TiesOut:
    return TiesOut(number=case.number, items=[tied_out(each) for each in around(case, request.viewer).tied])


@router.get(
    "/cases/{slug:number}/links",
    url_name="links",
    response={200: TiesOut, **PROBLEMS},
    summary="What a case is tied to",
)
def read_links(request: Call, number: str) -> TiesOut:
    """Parent and children, links from either end, merged cases."""
    return _ties(case_for(request.viewer, number, now=request.now), request)


@router.post(
    "/cases/{slug:number}/links", url_name="links", response={201: TiesOut, **WRITE_PROBLEMS}, summary="Link two cases"
)
def create_link(request: Call, number: str, asked: NewLink) -> Any:
    """Told on both. 404: one of them is not there or not for the caller. 422: they are linked already."""
    case = case_for(request.viewer, number, now=request.now)
    other = case_for(request.viewer, asked.number, now=request.now)
    link_cases(case, other, asked.kind, by=request.viewer, now=request.now)
    return Status(201, _ties(case, request))


@router.post(
    "/cases/{slug:number}/links/{int:link}/end",
    url_name="end_link",
    response={200: TiesOut, **WRITE_PROBLEMS},
    summary="End a link",
)
def end_link(request: Call, number: str, link: int = Path(..., ge=1, lt=2**63)) -> TiesOut:
    """From either end. 403: a split made it."""
    case = case_for(request.viewer, number, now=request.now)
    unlink_cases(case, link, by=request.viewer, now=request.now)
    return _ties(case, request)


@router.post(
    "/cases/{slug:number}/follow",
    url_name="follow",
    response={200: FollowingOut, **WRITE_PROBLEMS},
    summary="Follow a case, or stop",
)
def follow(request: Call, number: str, asked: Following) -> FollowingOut:
    """The token's owner hears what others do to it, for as long as he may see it. Twice is once."""
    case = case_for(request.viewer, number, now=request.now)
    (follow_case if asked.follows else unfollow_case)(case, by=request.viewer, now=request.now)
    return FollowingOut(number=case.number, follows=asked.follows)


@router.post(
    "/cases/{slug:number}/merge",
    url_name="merge",
    response={200: MergedOut, **WRITE_PROBLEMS},
    summary="Merge a duplicate into the case that leads",
)
def merge(request: Call, number: str, asked: Merging) -> MergedOut:
    """Its clocks are cancelled, its story is told under the leading case. 422 `unconfirmed`: they differ; send `confirmed`.
    422 `refused`: a clause stands against it."""
    case = case_for(request.viewer, number, now=request.now)
    request.handbook = case.handbook  # type: ignore[attr-defined]
    leading = case_for(request.viewer, asked.into, now=request.now)
    done = merge_cases(case.pk, leading.pk, by=request.viewer, now=request.now, confirmed=asked.confirmed)
    return MergedOut(number=done.number, status=done.status, merged_into=leading.number)


@router.post(
    "/cases/{slug:number}/unmerge",
    url_name="unmerge",
    response={200: MergedOut, **WRITE_PROBLEMS},
    summary="Undo a merge",
)
def unmerge(request: Call, number: str) -> MergedOut:
    """While nothing of it has left the house. 404: it is not merged."""
    case = case_for(request.viewer, number, now=request.now)
    done = undo_merge(case.pk, by=request.viewer, now=request.now)
    return MergedOut(number=done.number, status=done.status, merged_into=None)


@router.post(
    "/cases/{slug:number}/undo",
    url_name="undo",
    response={200: UndoneOut, **WRITE_PROBLEMS},
    summary="Undo the action just taken",
)
def undo(request: Call, number: str) -> UndoneOut:
    """Within ten minutes, by whoever took it, while nobody was told and nobody went on from it. 422 says every reason why not."""
    case = case_for(request.viewer, number, now=request.now)
    done = undo_deed(case.pk, by=request.viewer, now=request.now)
    stage = named(book_of(done.handbook_version_id).stage(done.process, done.stage))
    return UndoneOut(number=done.number, stage=stage, version=done.version)
