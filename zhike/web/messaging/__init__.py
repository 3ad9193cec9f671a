"""Short messages and WeChat in administration: what went out, templates and their second person, gateways, numbers not to be contacted.

outbox.py     what went out and how it stands; one message with what can be done about it
templates.py  templates: written, approved by somebody else, tried out
gateways.py   SMS gateways and WeChat accounts
unwanted.py   numbers that want no more
picker.py     the composer's choice of a template, a fragment for the workbench
fields.py     forms of this area, drawn by one template
words.py      states in words
"""
