"""How this Foretell was built."""

from foretell import ids


def is_compiled() -> bool:
    """Whether its hottest modules are compiled, or run as they were written."""
    return not str(ids.__file__).endswith(".py")
