"""Tests of the short way of messages."""
