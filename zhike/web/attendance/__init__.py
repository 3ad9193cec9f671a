"""Who works when: the month of a department, one's own shifts, leave and swaps, tables from files."""
