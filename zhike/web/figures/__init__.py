"""预警台: what breaches next and who holds it."""
