"""The REST API: the same actions and gates as the pages, for other software. docs/api.md is its manual.

A request passes `guard.guarded` (method, token, scope, rights of the page that shows the same, rate, size, idempotency
key) before django-ninja reads it; every answer that is not 2xx is a problem (RFC 9457) from `problems`.
"""
