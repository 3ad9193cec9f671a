"""One case: where it stands, who holds the clocks, what may be done, what happened."""
