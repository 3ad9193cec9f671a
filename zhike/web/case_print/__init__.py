"""The whole of a case on A4: head, forms as they were filled with lines to sign on, limits with their clauses, what happened."""
