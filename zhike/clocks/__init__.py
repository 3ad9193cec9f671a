"""Deadlines as durable rows: start, pause, resume, extend, warn, breach, stop, each exactly once."""
