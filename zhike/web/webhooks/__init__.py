"""Webhooks in administration: who is told of what, what arrived, and what to do when it does not.

views.py   the list, one subscription with its deliveries, one delivery, the form
deeds.py   what the buttons do
forms.py   the form's fields and what was typed
words.py   states and faults in words
"""
