"""The page of what is deleted when it has been kept as long as the handbook says."""
