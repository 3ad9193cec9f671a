"""The handbook engine: parse, check, decide. Knows nothing of Django, of the database, or of the clock on the wall."""
