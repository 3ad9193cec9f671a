"""The ways to the outside: what the product sends to people who do not work here."""
