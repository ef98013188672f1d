"""Says of what looks like an address what it has become."""

from typing import Optional, Union

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(
        self,
        text: str = "",
        texts: Union[str, list[str]] = "",
        perhaps: Optional[str] = None,
        settings: dict = None,
        file: Optional[Path] = None,
        files: list[Path] = None,
    ) -> list[str]:
        values = [text, texts, perhaps, settings, file, files]
        read = [each.read_text() for each in ([file] if file else []) + (files or [])]
        return [f"{type(each).__name__} {each}" for each in values[:4]] + read
