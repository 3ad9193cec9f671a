"""Runs a handbook's scenarios against the real engine on a virtual clock."""
