"""Forms: checking and keeping what was filled in, attachments, reference directories."""
