"""One timeline: deeds with what was filled in, the clocks they moved, warnings, notes and files, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext

from zhike.cases.models import Note
from zhike.journal.models import Fact
from zhike.org.principals import ANONYMOUS
from zhike.web.case_page.timeline.clocks import CLOCKS
from zhike.web.case_page.timeline.deeds import DEEDS
from zhike.web.case_page.timeline.entry import Entry
from zhike.web.case_page.timeline.voice import Sentence, Voice
from zhike.web.case_page.timeline.whole import WHOLE

SENTENCES: dict[str, Sentence] = {**DEEDS, **WHOLE, **CLOCKS}
"""Facts that are in no list are told by another entry, or are no part of the case's story."""

CAME_WITH = dt.timedelta(minutes=30)
"""A file uploaded so long before a deed or note of the same person came with it."""


class Teller(Voice):
    """Tells the story of one case."""

    def entries(self) -> list[Entry]:
        """Newest first. Files uploaded with a deed or a note stand with it."""
        found = self._told(self.story.facts) + [self._note(n) for n in self.story.notes]
        self._place_files(found)
        return sorted(found, key=lambda e: e.at, reverse=True)

    def _told(self, facts: Iterable[Fact]) -> list[Entry]:
        """Entries, later ones first. A deed's clocks are written just before the deed: they are told as part of it."""
        found: list[Entry] = []
        waiting: list[Entry] = []
        for fact in facts:
            entry = self._entry(fact)
            if entry is None:
                continue
            if entry.kind == "clock":
                waiting.append(entry)
                continue
            if entry.kind in ("deed", "whole"):
                entry.moved = [line for w in waiting if w.at == entry.at for line in w.moved]
                found += [w for w in waiting if w.at != entry.at]
                waiting = []
            found.append(entry)
        return list(reversed(found + waiting))

    def _entry(self, fact: Fact) -> Entry | None:
        tell = SENTENCES.get(fact.type)
        return tell(self, fact) if tell else None

    def _note(self, note: Note) -> Entry:
        what = gettext("内部备注") if note.internal else gettext("给顾客的留言")
        if note.author.startswith(("customer", ANONYMOUS)):
            what = gettext("顾客留言")
        return Entry(
            note.at, "note", self.names.get(note.author, note.author), what, words=note.words, internal=note.internal,
            of=self.home(note.case_id).number,
        )  # fmt: skip

    def _place_files(self, found: list[Entry]) -> None:
        """Each file stands with the deed or note of its uploader and moment, else on its own."""
        for file in self.story.attachments:
            who, of = self.names.get(file.uploaded_by, file.uploaded_by), self.home(file.subject_id or 0).number
            near = [e for e in found if e.kind in ("deed", "note") and e.who == who and e.of == of]
            after = [e for e in near if dt.timedelta(0) <= e.at - file.uploaded_at < CAME_WITH]
            home = min(after, key=lambda e: e.at, default=None)
            if home is None:
                home = Entry(file.uploaded_at, "file", who, gettext("上传文件"), internal=file.internal, of=of)
                found.append(home)
            home.files.append(file)
