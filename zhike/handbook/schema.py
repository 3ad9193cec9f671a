"""The format as JSON Schema, for editors: completion and a red line under a wrong key while typing."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from zhike.handbook.common import UNIT_WORDS, Test
from zhike.handbook.structure import Handbook

Schema = dict[str, Any]


def handbook_schema() -> Schema:
    """JSON Schema (2020-12) of any YAML file of a handbook.

    No key is required at the top, because a handbook is spread over several files; single names are allowed for lists
    of names, plain
    texts for texts, and durations as people write them.
    """
    schema = TypeAdapter(Handbook).json_schema(by_alias=True, mode="validation", schema_generator=_AsWritten)
    schema.pop("required", None)
    schema["$schema"] = GenerateJsonSchema.schema_dialect
    schema["title"] = "Zhike handbook file"
    return schema


class _AsWritten(GenerateJsonSchema):
    """Shows the short forms that validators accept beside the full ones."""

    def function_before_schema(self, schema: Any) -> Schema:
        full = super().function_before_schema(schema)
        return {"anyOf": [*_short_forms(schema), full]}

    def model_schema(self, schema: Any) -> Schema:
        made = super().model_schema(schema)
        if schema["cls"] is Test:
            made["minProperties"], made["maxProperties"] = 1, 2
        return made


_SHORT: dict[str, list[Schema]] = {
    "_text": [{"type": "string"}],
    "_many": [{"type": "string"}],
    "parse_duration": [
        {
            "type": "string",
            "pattern": r"^\s*\d+\s*(" + "|".join(UNIT_WORDS) + r")\s*$",
        }
    ],
    "_test": [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
    ],
    "_effect": [{"enum": ["mark_overdue", "retry", "reopen", "sign_out", "log"]}],
    "_line": [{"type": "string"}, {"type": "object", "required": ["percent", "of"], "not": {"required": ["name"]}}],
    "_percent": [{"type": "string", "pattern": r"^\d+(\.\d+)?%$"}],
}


def _short_forms(schema: Any) -> list[Schema]:
    function = schema["function"]["function"]
    return _SHORT.get(getattr(function, "__name__", ""), [])
