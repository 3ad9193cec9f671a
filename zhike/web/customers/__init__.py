"""The archive of customers: list, one page each, merging, imports and exports, and who looked behind masks."""
