"""Append-only facts, their hash chain, the clause ledger, the ordered stream that live feeds read."""
