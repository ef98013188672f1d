from typing import Optional

from cog import BaseModel, BaseRunner, Input, Path, Secret


class Inventory(BaseModel):
    words: str
    count: int
    ratio: float
    flag: bool
    names: list[str]
    numbers: list[int]
    file_text: str
    file_texts: list[str]
    secret_length: int
    secret_shown: str
    note: Optional[str]
    either: str
    settings: str
    address: str


class Runner(BaseRunner):
    def run(
        self,
        words: str,
        file: Path,
        key: Secret,
        count: int = Input(default=7, ge=1, le=100, description="How many."),
        ratio: float = Input(default=0.5, ge=0.0, le=2.0),
        flag: bool = False,
        names: list[str] = Input(description="Several words."),
        numbers: list[int] = Input(description="Several numbers."),
        files: list[Path] = Input(description="Several files."),
        note: Optional[str] = Input(default=None, description="May be left out."),
        either: str | int | list[str] = Input(default="x", description="A word, a number or words."),
        settings: dict = Input(description="Anything with names."),
        address: str = Input(default="", description="A text, also where it looks like an address."),
    ) -> Inventory:
        self.record_metric("files_read", 1 + len(files))
        return Inventory(
            words=words,
            count=count,
            ratio=ratio,
            flag=flag,
            names=names,
            numbers=numbers,
            file_text=file.read_text(),
            file_texts=[each.read_text() for each in files],
            secret_length=len(key.get_secret_value()),
            secret_shown=f"{key}",
            note=note,
            either=f"{type(either).__name__} {either}",
            settings=repr(sorted(settings.items())),
            address=f"{type(address).__name__} {address}",
        )
