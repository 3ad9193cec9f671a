"""Administration: staff, departments, directories, handbook versions, the outbox, the journal's chain."""
