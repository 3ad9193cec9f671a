"""Messages on the short way: what visitors and colleagues write goes out of the server's hands into a batch, beside the pages.

gathering.py   what is posted while a batch is being written waits for the next one
entry.py       which requests come here, and how they are answered
visitors.py    a visitor's message: `webchat:write`
staff.py       a colleague's message: `workbench:say`

Here only what succeeds is answered: whatever is out of the ordinary (no conversation yet, a file, a token, a refusal, somebody who may not)
goes on to the page of that address, which does it from the beginning and says what is wrong. A message's key makes that harmless.
"""
