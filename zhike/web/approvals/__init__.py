"""What waits for my consent, and what I asked for: actions that a clause lets nobody take alone."""
