"""Who the caller is."""

from __future__ import annotations

import datetime as dt

from ninja import Router
from pydantic import ConfigDict, Field

from zhike.web.api.guard import Call
from zhike.web.api.shapes import PROBLEMS, Shape

router = Router(tags=["me"])


class RoleHeld(Shape):
    handbook: str
    role: str
    department: int | None = None


class Me(Shape):
    """The token and its owner."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "principal": "staff:5", "name": "示例客服", "language": "zh-hans", "is_admin": False,
                    "screens": ["cases", "desk"],
                    "roles": [{"handbook": "retail-hotline", "role": "hotline_agent", "department": 1}],
                    "token": "示例对接", "scopes": ["cases:read"], "expires_at": "2026-06-10T00:00:00+08:00",
                }
            ]
        }
    )  # fmt: skip

    principal: str
    name: str
    language: str
    is_admin: bool
    screens: list[str]
    roles: list[RoleHeld]
    token: str = Field(description="The token's name.")
    scopes: list[str]
    expires_at: dt.datetime


@router.get("/me", url_name="me", response={200: Me, **PROBLEMS}, summary="Who the token acts as")
def read_me(request: Call) -> Me:
    """The owner's roles and screens, the token's scopes and when it ends."""
    viewer, token = request.viewer, request.token
    return Me(
        principal=viewer.principal, name=viewer.name, language=viewer.language, is_admin=viewer.is_admin,
        screens=sorted(viewer.screens), roles=[RoleHeld(handbook=h, role=r, department=d) for h, r, d in viewer.roles],
        token=token.name, scopes=token.scopes, expires_at=token.expires_at,
    )  # fmt: skip
