"""What is owed once or again and again, period by period, and how much of it was covered."""
