"""The first page: what to try, and with whom to sign in while the sample department is loaded."""
