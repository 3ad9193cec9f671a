"""Administration of the web chat's inboxes: what the widget says and asks, where it may stand, the line a site includes."""
