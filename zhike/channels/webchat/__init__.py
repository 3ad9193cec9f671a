"""The web chat: what a visitor of a site writes, through a widget of one script tag (web/webchat).

settings.py    what an inbox says about its widget
visitors.py    who it is: a secret of the browser's own, or a token the site has signed
talking.py     what he writes, and what he sees of the conversation
offline.py     outside the hours of the queue: a message that becomes a case
trail.py       on which pages he was
surveys.py     how satisfied he is, asked once
reactions.py   what follows from the end, and from his being recognised
"""
