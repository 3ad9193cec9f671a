"""Every case the viewer is entitled to, with filters."""
