"""What was kept as long as the handbook says is deleted: rules, what is due, the deletion itself, the daily run."""
