"""The models on disk: which folders there are, what they say of themselves, and their versions."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from foretell import signature
from foretell.catalog import cog_yaml
from foretell.catalog.batches import unbatched
from foretell.catalog.examples import unfit
from foretell.catalog.kind import guessed
from foretell.catalog.manifests import FILE, read_manifest
from foretell.catalog.names import aliases, unknown
from foretell.catalog.pins import unpinned
from foretell.catalog.prices import misfits, priced
from foretell.catalog.schemas import read_schemas
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.model import Example, Limits, Manifest, Version
from foretell.schema import InputSchema

__all__ = [
    "aliases",
    "built_in",
    "files_of",
    "is_folder",
    "load",
    "priced",
    "read_folder",
    "read_manifest",
    "sandbox",
    "unknown",
    "version_id",
]

MODELS = Path(__file__).parents[1] / "models"
SANDBOX = MODELS / "sandbox"
STAND_INS = MODELS / "stand_ins"
_KINDS = {"image": "Picture", "video": "Video", "audio": "Sound", "music": "Sound", "embedding": "Vectors"}
"""Which stand-in answers for the models of a type; where it says nothing, `Text`."""
MODERATION = "moderation"
"""The hidden model with this capability has a stand-in too: applications try what is withheld."""
CHUNK_BYTES = 1024**2

OfflineReason = Callable[[Manifest], str | None]


def load(
    config: Config, *, created_at: int | None = None, offline_reason: OfflineReason | None = None
) -> tuple[list[Version], list[str]]:
    """The versions that a server with this configuration registers, and what is wrong with others.

    A model of the operator's own takes the place of a built-in one of the same name.
    A price that the configuration sets takes the place of the model's own; Error(INVALID_REQUEST) when it cannot.
    `offline_reason` says why a model cannot run on this platform, if it cannot.
    """
    now = time.time_ns() // 1_000 if created_at is None else created_at
    root = Path(config.models).expanduser() if config.models else None
    folders = _folders(root)
    own, problems = _read_all(folders, created_at=now)
    if root is not None and not folders:
        reason = (
            f"has neither a {FILE} nor a folder with one" if root.is_dir() else "is not a directory of models"
        )
        problems.append(f"{root} {reason}")
    own = _without_clashes(own, problems)
    shipped, more = (sandbox(created_at=now), []) if config.sandbox else _read_all(built_in(), created_at=now)
    versions = [priced(each, config.prices) for each in own + _behind(own, shipped)]
    if offline_reason is not None:
        versions = [replace(each, offline_reason=offline_reason(each.manifest)) for each in versions]
    return versions, problems + more


def built_in() -> list[Path]:
    """The folders of the built-in models."""
    return sorted(path.parent for path in MODELS.glob(f"*/{FILE}"))


def sandbox(*, created_at: int = 0) -> list[Version]:
    """The sandbox models, and a stand-in for each built-in one: with its names and inputs, instant, no download."""
    own = [read_folder(path.parent, created_at=created_at) for path in sorted(SANDBOX.glob(f"*/{FILE}"))]
    real = [read_folder(path, created_at=created_at) for path in built_in()]
    return own + [
        _stood_in(each)
        for each in real
        if not each.manifest.hidden or MODERATION in each.manifest.capabilities
    ]


def _stood_in(version: Version) -> Version:
    manifest = replace(
        version.manifest,
        description=f"Stands in for {version.manifest.name} in the sandbox: takes its inputs and answers at once "
        "with something of its kind, always alike. Understands nothing and downloads nothing.",
        capabilities=("sandbox", *version.manifest.capabilities),
        folder=str(STAND_INS),
        predictor=f"predict.py:{_stand_in(version)}",
        paths=(str(SANDBOX / "picture"), str(MODELS / "deepbrain")),
        environment="none",
        requirements=(),
        weights=(),
        examples=tuple(_without_output(version)),
        limits=Limits(load_timeout_seconds=30, run_timeout_seconds=60, memory_mb=60),
    )
    return replace(version, id=version_id(manifest), manifest=manifest)


def _without_output(version: Version) -> Iterator[Example]:
    """The inputs of examples that need no file of the model's folder; what it made of them no stand-in makes."""
    files = InputSchema(version.input_schema).file_fields()
    for each in version.manifest.examples:
        if not set(files) & each.input.keys():
            yield replace(each, output=())


def _stand_in(version: Version) -> str:
    kind = version.output_schema.get("type")
    if version.streaming:
        return "Story"
    if MODERATION in version.manifest.capabilities:
        return "Moderation"
    if "speech-to-text" in version.manifest.capabilities:
        return "Transcript"
    if kind == "object":
        return "Reading"
    found = _KINDS.get(version.manifest.type, "Text")
    return "Pictures" if found == "Picture" and kind == "array" else found


def is_folder(path: Path) -> bool:
    """Whether it is a model's folder: of ours, or a Cog directory."""
    return (path / FILE).exists() or (path / cog_yaml.FILE).exists()


def read_folder(path: Path, *, created_at: int, namespace: str = "") -> Version:
    """The version that a model folder is now. Error(INVALID_REQUEST) says all that is wrong with it.

    `namespace`: the name that it gets in place of its own.
    """
    manifest = read_manifest(path, namespace=namespace)
    found = _signature(manifest)
    concurrency = (
        found.concurrency if manifest.concurrency == 1 and found.concurrency else manifest.concurrency
    )
    if concurrency > 1 and not found.is_async:
        problem = f"'concurrency' is {concurrency}, which needs an `async def` in {manifest.predictor}"
        raise Error(Code.INVALID_REQUEST, f"{path / FILE}: {problem}")
    kind = manifest.type or guessed(found.output_schema, _predictor_file(manifest).read_text())
    version = Version(
        id=version_id(manifest),
        manifest=replace(manifest, concurrency=concurrency, type=kind),
        input_schema=found.input_schema,
        output_schema=found.output_schema,
        streaming=found.streaming,
        created_at=created_at,
    )
    if problems := misfits(version) + unfit(version) + unbatched(version, found):
        raise Error(Code.INVALID_REQUEST, f"{path / FILE}: {'; '.join(problems)}")
    return version


def _signature(manifest: Manifest) -> signature.Signature:
    places = [Path(manifest.folder), *map(Path, manifest.paths)]
    file = _predictor_file(manifest)
    schemas = read_schemas(manifest)

    def beside(module: str) -> str | None:
        name = module.replace(".", "/")
        for candidate in (place / each for place in places for each in (f"{name}.py", f"{name}/__init__.py")):
            if candidate.is_file():
                return candidate.read_text()
        return None

    try:
        text = file.read_text()
        return signature.read(text, predictor=manifest.predictor, resolve=beside, schemas=schemas)
    except FileNotFoundError as error:
        raise Error(Code.INVALID_REQUEST, f"There is no {file}, where the predictor should be.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Error(Code.INVALID_REQUEST, f"{file} cannot be read: {error}") from error
    except Error as error:
        raise Error(error.code, f"{manifest.folder}/{error.message}", details=error.details) from error


def _predictor_file(manifest: Manifest) -> Path:
    return Path(manifest.folder, manifest.predictor.partition(":")[0])


def version_id(manifest: Manifest) -> str:
    """The hash of everything that makes the model what it is. Weights count by the hash in the manifest, if it has one.

    Its name is a part of that: a copy of a folder is another model. What its examples have given is not.
    """
    folder = Path(manifest.folder)
    weights = {
        (folder / each.source.removeprefix("file:")).resolve()
        for each in manifest.weights
        if each.sha256 and each.source.startswith("file:")
    }
    shown = {
        (folder / name).resolve() for each in manifest.examples for name in each.output if len(name) < 256
    }
    found = hashlib.sha256(f"{manifest.namespace}\n".encode())
    for number, root in enumerate((folder, *map(Path, manifest.paths))):
        for path in files_of(root, weights | shown):
            found.update(f"{number} {path.relative_to(root).as_posix()} {_file_digest(path)}\n".encode())
    return found.hexdigest()[:16]


def files_of(root: Path, weights: Collection[Path] = ()) -> Iterator[Path]:
    """The files that make a folder what it is, sorted; not what begins with a dot, nor any of `weights`."""
    for path in sorted(root.iterdir()):
        if (
            path.name.startswith(".")
            or path.name == "__pycache__"
            or path.suffix == ".pyc"
            or path in weights
        ):
            continue
        if path.is_dir():
            yield from files_of(path, weights)
        elif path.is_file():
            yield path


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folders(root: Path | None) -> list[Path]:
    """The model folders of the operator: those in a directory, or that directory itself."""
    if root is None:
        return []
    if is_folder(root):
        return [root]
    return sorted(path for path in root.glob("*/") if is_folder(path))


def _read_all(folders: Iterable[Path], *, created_at: int) -> tuple[list[Version], list[str]]:
    versions: list[Version] = []
    problems: list[str] = []
    for folder in folders:
        try:
            version = read_folder(folder, created_at=created_at)
        except Error as error:
            problems += error.details or (error.message,)
            continue
        if names := unpinned(version.manifest):
            problems.append(
                f"{folder}: weights {', '.join(names)} have no sha256; 'foretell models add' finds it"
            )
            continue
        versions.append(version)
    return versions, problems


def _without_clashes(versions: list[Version], problems: list[str]) -> list[Version]:
    """Those of `versions` whose names no earlier one has."""
    owners: dict[str, str] = {}
    kept = []
    for version in versions:
        manifest = version.manifest
        taken = [name for name in _names(version) if name in owners]
        if taken:
            problems.append(
                f"{manifest.folder}/{FILE}: the name '{taken[0]}' is already that of {owners[taken[0]]}"
            )
            continue
        owners |= dict.fromkeys(_names(version), manifest.folder)
        kept.append(version)
    return kept


def _behind(own: list[Version], shipped: list[Version]) -> list[Version]:
    """Those of `shipped` that `own` does not replace, with the names that are left to them."""
    taken = {name for version in own for name in _names(version)}
    left = []
    for version in shipped:
        if version.model not in taken:
            aliases = tuple(name for name in version.manifest.aliases if name not in taken)
            left.append(replace(version, manifest=replace(version.manifest, aliases=aliases)))
    return left


def _names(version: Version) -> tuple[str, ...]:
    return (version.model, *version.manifest.aliases)
