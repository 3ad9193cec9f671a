"""E-mail: mailboxes are inboxes; what comes in becomes conversations, what is answered goes out in the same thread."""
