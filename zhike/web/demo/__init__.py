"""A shop that does not exist, to try the web chat in: in the sandbox, and where an inbox is shown in it (administration, inboxes)."""
