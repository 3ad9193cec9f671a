"""What customers and the department say to each other, in every medium, as one timeline; queues, routing, presence."""
