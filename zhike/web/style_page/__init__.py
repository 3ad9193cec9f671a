"""Every component of the interface on one page, for those who build it."""
