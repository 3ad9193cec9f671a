"""WeChat: Official Accounts and WeCom customer service.

crypt.py      the published encryption of callbacks
callbacks.py  a callback checked and opened; what it says is kept before it is answered
client.py     the HTTP interface: access tokens shared by all processes, errors told apart
reading.py    messages of either kind as words and media
taking.py     what was kept becomes conversations; WeCom's messages are fetched by cursor
sending.py    answers, within the 48 hours the platform allows
"""
