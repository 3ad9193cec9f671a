"""Mails and mailboxes: what was kept aside and why, a mail as it came, what did not go out, and how mails are fetched and sent.

mails.py   the folder, one mail, its raw form and files, what is decided about it
boxes.py   mailboxes: the list, one with how it stands, the form, the connection test
trying.py  tries to sign in at both servers
forms.py   the form of a mailbox
"""
