"""Handbooks as a manager keeps them: installed, compared, approved, read, their parameters and days off."""
