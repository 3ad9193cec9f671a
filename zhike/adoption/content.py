"""Content of proposals: from an upload, a folder, a version that was, or another value of a parameter."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from zhike.adoption.models import Proposal
from zhike.handbook import library
from zhike.handbook.archive import Files, read_folder, unpack, write_folder
from zhike.handbook.book import Book
from zhike.handbook.common import Scalar
from zhike.handbook.load import examine
from zhike.handbook.problems import Findings, Problem
from zhike.handbook.source import MANIFEST, TEXT
from zhike.handbook.structure import Handbook
from zhike.org.handbooks import digest_of
from zhike.org.models import HandbookVersion
from zhike.rehearsal.features import BadFeature, read_features

SCENARIOS = "scenarios/"
SAMPLE = "sample.yaml"


@dataclass
class Content:
    """What came of looking at files: the checked book with its files, or the problems; never both."""

    book: Book | None = None
    files: Files = field(default_factory=dict)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    name: str = ""


def of_archive(data: bytes) -> Content:
    """The handbook in a ZIP file, checked."""
    findings = Findings()
    files = unpack(data, findings)
    return Content(errors=findings.errors) if findings.errors else of_files(files)


def of_folder(name: str) -> Content:
    """A handbook that comes with the product. Raises library.NoSuchHandbook."""
    if name not in library.names():
        raise library.NoSuchHandbook(name)
    findings = Findings()
    files = read_folder(library.find(name), findings)
    return Content(errors=findings.errors) if findings.errors else of_files(files)


def of_files(files: Files) -> Content:
    """Laid out in a folder of its own, read and checked as from the command line; the scenarios must be readable too."""
    with tempfile.TemporaryDirectory(prefix="zhike-handbook-") as place:
        folder = Path(place) / "handbook"
        write_folder(files, folder)
        loaded = examine(folder)
        errors = loaded.errors + _features(folder)
    book = loaded.book if not errors else None
    return Content(book, files if book else {}, errors, loaded.warnings, loaded.name)


def _features(folder: Path) -> list[Problem]:
    from zhike.handbook.common import Text

    try:
        read_features(folder / "scenarios")
    except BadFeature as bad:
        file, _, why = str(bad).partition(": ")
        words = Text(zh=f"演练场景读不懂：{why}", en=f"The scenario cannot be read: {why}")
        remedy = Text(zh="照 docs/scenario-steps.md 改。", en="Change it after docs/scenario-steps.md.")
        return [Problem("scenario-syntax", f"{SCENARIOS}{file}", 0, "", words, remedy)]
    return []


@lru_cache(maxsize=32)
def _book(number: int) -> Book:
    row = Proposal.objects.only("source", "text", "parameters").get(pk=number)
    return Book(Handbook.model_validate(row.source), row.text, row.parameters)


def book_of_proposal(proposal: Proposal) -> Book:
    """The compiled book of a proposal; its content never changes. Compiled once in each process."""
    return _book(proposal.pk)


def folder_files(source: Mapping[str, Any], text: str, parameters: Mapping[str, Scalar], files: Files) -> Files:
    """A version as files again, for a rehearsal: the checked data with a manager's values in it, its scenarios and sample."""
    data = {key: value for key, value in source.items() if key not in ("builds_on", "leaves_out")}
    data["parameters"] = [
        {**one, "value": parameters.get(one["id"], one.get("value"))} for one in data.get("parameters", [])
    ]
    own = {name: content for name, content in files.items() if name.startswith(SCENARIOS) or name == SAMPLE}
    return {MANIFEST: json.dumps(data, ensure_ascii=False, indent=1), TEXT: text, **own}


def files_of_version(version: HandbookVersion) -> Files:
    """Scenarios and sample of an installed version: those it was proposed with, else those shipped under its name."""
    proposal = Proposal.objects.filter(installed=version).only("files").first()
    if proposal is not None and proposal.files:
        return dict(proposal.files)
    if version.name not in library.names():
        return {}
    return read_folder(library.find(version.name), Findings())


def is_installed(name: str, source: Mapping[str, Any], text: str) -> bool:
    """Whether this very text is or was in force."""
    return HandbookVersion.objects.filter(name=name, digest=digest_of(source, text)).exists()
