"""A loaded site, random faults, and the promises looked at in the end: `make soak MINUTES=10`."""
