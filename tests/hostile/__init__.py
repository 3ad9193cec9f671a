"""Whatever a browser or a program sends: every shipped handbook, every page of its sample people, every form on them.

inside.py     somebody in front of the product within the test's own process
forms.py      the forms of a page as a browser would send them
attempts.py   what is sent instead
asking.py     one attempt: sent, looked at, taken back
"""
