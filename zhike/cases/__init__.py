"""Work orders: a process of the handbook being executed."""
