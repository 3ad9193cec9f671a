"""The sandbox: the whole product on a virtual clock, and a switch between sample people.

Outside the sandbox nothing of it exists.
"""
