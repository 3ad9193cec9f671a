"""The web chat under load: 2,000 visitors and 100 agents connected to one process, messages sent through the addresses the product's
own pages use, and a ledger kept outside.

ground.py    the department, its agents, visitors and conversations
wire.py      one connection of a browser, as cheap as it gets
load.py      who sends when, and what everybody heard
ledger.py    what was answered for against what is stored and what was heard
"""

from __future__ import annotations

from zhike.web.bench.chat.run import bench

__all__ = ["bench"]
