"""What was heard, as text to read."""

Segment = tuple[float, str]
"""When it begins, in seconds, and what is said."""


def flowing(segments: list[Segment]) -> str:
    return " ".join(text.strip() for _, text in segments)


def timed(segments: list[Segment]) -> str:
    """A line for each segment, such as `[00:01:02.500] Good morning.`"""
    return "\n".join(f"[{_clock(start)}] {text.strip()}" for start, text in segments)


def _clock(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
