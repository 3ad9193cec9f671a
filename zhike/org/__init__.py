"""Staff, departments, roles from the handbook, installed handbook versions, principals and access."""
