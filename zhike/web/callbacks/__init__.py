"""Where other houses call us: receipts and replies of SMS gateways, messages of WeChat. No pages, no sessions.

The address carries 43 characters nobody can guess; WeChat signs and seals besides. What is wrong is answered briefly and tells nothing.
"""
