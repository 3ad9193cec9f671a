"""The shape of the house itself, held by tests."""
