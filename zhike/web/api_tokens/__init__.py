"""Tokens for other software: made, listed and revoked by administrators."""
