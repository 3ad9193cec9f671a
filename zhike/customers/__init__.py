"""The customer archive: who they are and how they are reached."""
