"""GET /healthz: whether every part is there."""
