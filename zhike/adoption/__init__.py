"""How a handbook comes into force: proposed, looked at, approved by a second person, read by those it touches."""
