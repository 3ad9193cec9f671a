"""What a gate can ask for, one requirement at a time."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.handbook.gates import lacks
from zhike.handbook.terms import Requirement

ANN = {"by": "staff:1", "roles": ["marketing"], "in_person": True}
BEN = {"by": "staff:2", "roles": ["service"], "in_person": True}
TWO_SIGN = {
    "signatures": [{"role": "marketing", "field": "delivered_by"}, {"role": "service", "field": "received_by"}],
    "distinct": True,
    "in_person": True,
}
CHAIN = {"approvals": ["manager", ["director", "general_manager"]]}
EITHER = {"any_of": [{"fields": ["customer_signed"]}, {"fields": ["delegate"], "facts": {"delegation_valid": True}}]}
VOTE = {"quorum": {"field": "votes", "needs": "unanimous", "members": "members"}}


def approval(role: str, by: str, decision: str = "approved") -> dict[str, str]:
    return {"role": role, "by": by, "decision": decision}


def votes(yes: int, no: int) -> list[dict[str, Any]]:
    return [{"by": n, "vote": "yes" if n < yes else "abstain"} for n in range(yes + no)]


CASES: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ("all fields", {"fields": ["a", "b"]}, {"a": 1, "b": 2}, ()),
    ("a blank field", {"fields": ["a", "b"]}, {"a": " "}, ("a", "b")),
    ("false is a value", {"fields": ["a"]}, {"a": False}, ()),
    ("one of two", {"one_of_fields": ["phone", "email"]}, {"email": "x"}, ()),
    ("none of two", {"one_of_fields": ["phone", "email"]}, {}, ("phone", "email")),
    ("facts", {"facts": {"others_not_ready": 0}}, {"others_not_ready": 1}, ("others_not_ready",)),
    ("attachments", {"attachments": 2}, {"attachments": 1}, ("attachments",)),
    ("both signed", TWO_SIGN, {"delivered_by": ANN, "received_by": BEN}, ()),
    ("one signed for both", TWO_SIGN, {"delivered_by": ANN, "received_by": {**ANN, "roles": ["service"]}}, ("received_by",)),
    ("signed by proxy", TWO_SIGN, {"delivered_by": ANN, "received_by": {**BEN, "in_person": False}}, ("received_by",)),
    ("signed in the wrong role", TWO_SIGN, {"delivered_by": BEN, "received_by": BEN}, ("delivered_by", "received_by")),
    ("not signed", TWO_SIGN, {"delivered_by": ANN}, ("received_by",)),
    ("approved in order", CHAIN, {"approvals": [approval("manager", "1"), approval("general_manager", "2")]}, ()),
    ("approved in the wrong order", CHAIN, {"approvals": [approval("director", "2"), approval("manager", "1")]}, ("approvals",)),
    ("any order", {**CHAIN, "parallel": True}, {"approvals": [approval("director", "2"), approval("manager", "1")]}, ()),
    ("one person twice", CHAIN, {"approvals": [approval("manager", "1"), approval("director", "1")]}, ("approvals",)),
    ("rejected", CHAIN, {"approvals": [approval("manager", "1", "rejected")]}, ("approvals",)),
    ("not asked yet", CHAIN, {}, ("approvals",)),
    ("all told", {"includes": {"told": ["finance", "site"]}}, {"told": ["site", "finance", "x"]}, ()),
    ("one not told", {"includes": {"told": ["finance", "site"]}}, {"told": ["site"]}, ("told",)),
    ("every row answered", {"rows": [{"field": "questions", "filled": ["answer"]}]}, {"questions": [{"answer": "x"}]}, ()),
    ("a row unanswered", {"rows": [{"field": "questions", "filled": ["answer"]}]}, {"questions": [{"answer": "x"}, {}]}, ("questions",)),
    ("no row at all", {"rows": [{"field": "questions", "least": 1}]}, {}, ("questions",)),
    ("a customer signed", EITHER, {"customer_signed": True}, ()),
    ("a valid delegate", EITHER, {"delegate": "x", "delegation_valid": True}, ()),
    ("an expired delegate", EITHER, {"delegate": "x"}, ("customer_signed",)),
    ("nine of ten", VOTE, {"votes": votes(9, 1), "members": 10}, ("votes",)),
    ("ten of ten", VOTE, {"votes": votes(10, 0), "members": 10}, ()),
    ("a majority", {"quorum": {"field": "votes", "needs": "majority"}}, {"votes": votes(2, 1)}, ()),
    ("the author", {"not_actor": ["author"]}, {"author": "staff:1", "actor.principal": "staff:1"}, ("author",)),
    ("another", {"not_actor": ["author"]}, {"author": "staff:1", "actor.principal": "staff:2"}, ()),
    (
        "the author, alone in the shop", {"not_actor": ["author"], "unless": {"single_person_shop": True}},
        {"author": "staff:1", "actor.principal": "staff:1", "single_person_shop": True}, (),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requires", "facts", "missing"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_a_requirement_lacks(requires: dict[str, Any], facts: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert lacks(Requirement.model_validate(requires), facts, facts) == missing


def test_only_the_named_delegate_may_sign() -> None:
    required = Requirement.model_validate({"signatures": [{"role": "any", "field": "signed", "person": "delegate"}]})
    assert lacks(required, {"delegate": "customer:7"}, {"signed": {"by": "customer:7"}}) == ()
    assert lacks(required, {"delegate": "customer:7"}, {"signed": {"by": "customer:8"}}) == ("signed",)
