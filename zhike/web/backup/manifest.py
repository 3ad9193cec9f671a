"""What a backup says of itself: enough to know afterwards that everything came back."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import TypeAdapter
from pydantic_core import to_json

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the file: its name, its bytes, their SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """A table: how many rows, and a hash over them that does not ask for their order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """See parts.py for the file it stands in."""

    format: int
    product: str
    """The version of the product that made it."""
    made_at: str
    """The moment of the snapshot, ISO 8601: what was committed before is in it, what came later is not."""
    sandbox: bool
    server: int
    """The server's version, 180006 for 18.6."""
    database_bytes: int
    tables: dict[str, Contents]
    migrations: list[tuple[str, str]]
    """(app, name) of every migration that had been applied."""
    head: str
    """The digest of the newest seal of the journal, "" where nothing was sealed yet."""
    parts: list[Part]
    gone: list[str] = field(default_factory=list)
    """Files that rows name and that were not there any more, or were not what their name says."""
    keys_needed: list[str] = field(default_factory=list)
    """Names of the keys under which identity numbers are sealed."""
    with_keys: bool = False
    handbooks: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def files(self) -> list[Part]:
        return [part for part in self.parts if part.name.startswith("files/")]

    def as_json(self) -> bytes:
        return to_json(self, indent=1)

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Raises ValueError for what cannot be read, and for a format of a later version."""
        found = _adapter().validate_json(text)
        if found.format != FORMAT:
            raise ValueError(f"format {found.format}; this version reads {FORMAT}")
        return found


def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)
