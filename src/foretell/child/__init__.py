"""What runs inside a model's own environment: `python .../foretell/child --fd N`.

The folder is run as a directory, so it is first on the child's path and serves two packages to the predictor:
`cog`, the names a model author imports, and `foretell`, a few more names and the machinery behind both.
Everything here is the standard library alone, Python 3.9 or newer. The server never imports it.
"""
