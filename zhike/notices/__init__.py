"""What a person is told: one row a notice, addressed to principals."""
