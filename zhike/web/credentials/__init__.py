"""Credentials as administrators keep them: links, second factors, sessions, locks, and the rules of signing in."""
