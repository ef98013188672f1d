"""Foretell beside other servers for models, on one machine, in one run, under the same load."""
