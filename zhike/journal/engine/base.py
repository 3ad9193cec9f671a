"""Django's own loader of instants takes 7.5 microseconds for each, a fifth of the time of a page full of them; this one takes one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.backends.postgresql import base
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader


class UtcLoader(TimestamptzLoader):
    """An instant in UTC, as every session of ours asks the server to write it: `2025-06-10 01:00:00.25+00`."""

    timezone = dt.UTC
    """Django compares it with its own, and would register another loader if they differed."""

    def load(self, data: Buffer) -> dt.datetime:
        try:
            return dt.datetime.fromisoformat(str(data, "ascii"))
        except ValueError:  # infinity, or before our era
            return super().load(data).replace(tzinfo=self.timezone)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params["context"].register_loader("timestamptz", UtcLoader)
        return params
