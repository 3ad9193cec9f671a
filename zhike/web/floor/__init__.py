"""现场: who is where, what waits, what runs out, as it is now."""
