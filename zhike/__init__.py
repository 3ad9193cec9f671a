"""Zhike 知客: a customer-service department that runs from its written handbook."""

__version__ = "0.1.0"
