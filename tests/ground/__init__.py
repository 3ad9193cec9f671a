"""Tests of the ground: environment, processes, the embedded PostgreSQL, `zhike up`."""
