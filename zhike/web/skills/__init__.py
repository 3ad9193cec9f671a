"""What agents can do: the list for whoever keeps it, and one person's skills with their history."""
