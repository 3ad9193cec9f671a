"""The handbook browser: the text beside its clauses, each clause with its ledger."""
