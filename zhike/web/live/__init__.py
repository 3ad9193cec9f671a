"""The live feed: server-sent events read from the journal's stream.

feed.py      one connection that listens, gives positions and reads new facts once a process
hub.py       the clients, and who of them is told what
client.py    one open stream: its queue, its place in the stream
telling.py   a fact as the bytes a browser gets
accounts.py  whose session it is, and what he answers to
desk.py      questions to the database, put together
answer.py    the ASGI callable for GET /live
"""
