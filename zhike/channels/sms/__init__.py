"""Short messages: gateways of providers, templates two people agreed on, one gate before every send, receipts and replies.

gateways.py    what a provider's adapter offers; aliyun.py, tencent.py and local.py are the adapters
templates.py   words with variables, approved by a second person
gate.py        may this go to this number now: consents, who wants nothing, the handbook's clauses
sending.py     on its way: queued once, claimed, sent, and what became of it
incoming.py    receipts, replies, and replies that ask for no more
"""
