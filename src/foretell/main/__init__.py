"""The ends: what a server is made of, what its first start makes, and where it listens."""
