"""The story of a case, told in one timeline."""
