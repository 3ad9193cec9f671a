"""Webhooks: other software is told what happened, as far as the member of staff a subscription belongs to may see it.

addresses.py   where a delivery may go: nothing inside the house, unless an installation names the host
sending.py     one POST, bounded in time and size
signing.py     the signature receivers check
kinds.py       what can be subscribed to, and what each kind tells
payloads.py    the body of a delivery
spreading.py   from the journal's stream to deliveries, one place in the stream for each subscription
delivering.py  what is sent next, and what became of it
sealed.py      the secrets, encrypted
"""
