"""Every setting: its default, its environment name `FORETELL_<NAME>`, and one sentence about it."""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def _setting(default: Any, sentence: str) -> Any:
    return field(default=default, metadata={"sentence": sentence})


_WORDS: Mapping[type, str] = {dict: "table", list: "list"}
_ONE_OF = {
    "durability": ({"power", "process"}, "'power' or 'process'"),
    "isolation": ({"auto", "none"}, "'auto' or 'none'"),
    "log_format": ({"auto", "json", "text"}, "'auto', 'json' or 'text'"),
}
_NOT_NEGATIVE = (
    "audit_days",
    "queue_seconds_max",
    "webhook_dead_max",
    "webhook_failing_seconds_max",
    "requests_per_minute",
    "concurrency_per_model",
    "keep_outputs_seconds",
    "keep_inputs_seconds",
    "keep_logs_seconds",
    "keep_uploads_seconds",
    "disk_free_min_bytes",
    "disk_free_warn_bytes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a server runs with: made once at start, then passed."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8900, "Port to listen on; 0 picks a free one.")
    data: str = _setting("~/.local/share/foretell", "Directory of what must not be lost.")
    cache: str = _setting("~/.cache/foretell", "Directory of model environments and weights; safe to delete.")
    database: str = _setting("", "postgresql://… for Postgres; empty for SQLite in the data directory.")
    blobs: str = _setting("", "s3://bucket/prefix of an S3-compatible bucket; empty for the data directory.")
    s3_endpoint: str = _setting("", "Endpoint of an S3-compatible service that is not Amazon's.")
    public_url: str = _setting("", "Origin under which callers reach this server; empty: the Host header.")
    durability: str = _setting(
        "power", "An accepted prediction survives 'power' loss, or only a 'process' crash."
    )
    models: str = _setting("", "Directory with model folders of your own, beside the built-in ones.")
    names: dict[str, Any] = field(
        default_factory=dict,
        metadata={"sentence": 'Table of more names for models: `name = "model"`, or a table about it.'},
    )
    vendor_names: bool = _setting(True, "Local models also answer under the vendor's and OpenAI's names.")
    prices: dict[str, Any] = field(
        default_factory=dict,
        metadata={
            "sentence": 'Table of prices: `model = { amount = 0.03, unit = "image" }`, in place of its own.'
        },
    )
    sandbox: bool = _setting(False, "Serve instant, deterministic stand-ins under every built-in name.")
    key: str = _setting("", "A fixed API key for tests and CI; empty: a random one at the first start.")
    secret: str = _setting(
        "", "Secret that seals keys, the same on all servers; empty: one in the data directory."
    )
    await_seconds_max: float = _setting(
        55.0, "How long an awaiting create is held until it answers unfinished."
    )
    default_await_seconds: float = _setting(0.0, "How long a create without await is held; 0: not at all.")
    inference_seconds_max: float = _setting(
        600.0, "How long an OpenAI request may take until it is answered 504 and its prediction canceled."
    )
    requests_per_minute: int = _setting(
        0, "Predictions an account may create in 60 s, unless it has a limit of its own; 0: any number."
    )
    concurrency_per_model: int = _setting(
        0,
        "Predictions an account may have live on one model, unless it has a limit of its own; 0: any number.",
    )
    waiting_callers_max: int = _setting(5_000, "Callers that may be held at once; more are answered 503.")
    queued_max: int = _setting(200_000, "Predictions that may wait; more are answered 503.")
    queue_seconds_max: float = _setting(
        0.0, "How long a prediction may wait for its run to begin until it fails as expired; 0: for ever."
    )
    body_bytes_max: int = _setting(10 * 1024**2, "Largest request body, except uploads.")
    upload_bytes_max: int = _setting(512 * 1024**2, "Largest uploaded file.")
    fetch_bytes_max: int = _setting(512 * 1024**2, "Largest file fetched for an input.")
    fetch_seconds: float = _setting(120.0, "Time for fetching one input file.")
    output_bytes_max: int = _setting(2 * 1024**3, "Largest output file of a run.")
    log_bytes_max: int = _setting(1024**2, "Largest log kept per attempt; what is beyond is only counted.")
    keep_outputs_seconds: int = _setting(
        0, "How long what a prediction gave is kept after its end; 0: until it is deleted."
    )
    keep_inputs_seconds: int = _setting(
        0, "How long what a prediction was given is kept after its end; 0: until it is deleted."
    )
    keep_logs_seconds: int = _setting(
        0, "How long the logs of a prediction are kept after its end; 0: until it is deleted."
    )
    keep_uploads_seconds: int = _setting(0, "How long an uploaded file is kept; 0: until it is deleted.")
    disk_free_min_bytes: int = _setting(
        256 * 1024**2,
        "Free space, at most a twentieth of the disk, under which new work is answered 503; 0: never.",
    )
    disk_free_warn_bytes: int = _setting(
        1024**3, "Free space, at most a tenth of the disk, under which a warning is logged; 0: never."
    )
    audit_days: int = _setting(365, "How long is known who did what.")
    hardware: str = _setting(
        "", "What models run on here, such as 'NVIDIA H100'; empty: the GPUs that are found, or 'cpu'."
    )
    memory_mb: int = _setting(0, "Memory for loaded models; 0 takes 70 % of the machine's.")
    gpus: list[Any] = field(
        default_factory=list,
        metadata={"sentence": "GPUs for models, each `{ name, memory_mb }`; empty: those that are found."},
    )
    memory_factor: float = _setting(
        0.0, "A model's process may take this many times the memory that its model declares; 0: any amount."
    )
    isolation: str = _setting(
        "auto", "'auto' hides the data directory from models where the system can; 'none' does not."
    )
    stop_cooperative_seconds: float = _setting(2.0, "Grace of a canceled run to end by itself.")
    stop_terminate_seconds: float = _setting(2.0, "Grace after SIGTERM before SIGKILL.")
    shutdown_seconds: float = _setting(10.0, "Time for running predictions to finish at a graceful stop.")
    heartbeat_seconds: float = _setting(5.0, "How often a node says that it lives.")
    lost_seconds: float = _setting(20.0, "Silence after which a node on Postgres counts as lost.")
    safety_threshold: float = _setting(0.8, "Score from which a picture is withheld by the safety checker.")
    moderation: bool = _setting(True, "What is asked of and answered by chat models is checked for harm.")
    moderation_threshold: float = _setting(0.5, "Score from which a text is withheld by moderation.")
    webhook_timeout_seconds: float = _setting(15.0, "Time for one delivery attempt.")
    webhook_concurrency: int = _setting(32, "Deliveries under way at once.")
    webhook_dead_max: int = _setting(
        5, "Deliveries about an end given up in a row that pause a webhook's endpoint; 0: any number."
    )
    webhook_failing_seconds_max: float = _setting(
        86_400.0, "How long a webhook's endpoint may only fail until it is paused; 0: for ever."
    )
    allow_private: str = _setting(
        "", "Private hosts and networks that webhooks and inputs may reach, comma-separated."
    )
    cors_origins: str = _setting("*", "Origins that browsers may call from, comma-separated.")
    metrics_address: str = _setting(
        "", "HOST:PORT at which figures are given to whoever asks, beside '/metrics'; empty: nowhere else."
    )
    log_format: str = _setting("auto", "'json', 'text', or 'auto': text on a terminal.")

    @property
    def data_path(self) -> Path:
        return Path(self.data).expanduser().absolute()

    @property
    def cache_path(self) -> Path:
        return Path(self.cache).expanduser().absolute()

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can call: then webhooks and file inputs may reach private addresses.

        A public URL on another host means that a proxy lets others in.
        """
        called = urlsplit(self.public_url).hostname or self.host
        return {self.host, called} <= {"127.0.0.1", "::1", "localhost"}


def load(
    environment: Mapping[str, str], *, file: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Config:
    """A `Config` from defaults, then a TOML file, then `FORETELL_…` variables, then `overrides`.

    Raises ValueError with every problem at once, a line each.
    """
    problems: list[str] = []
    values = _file_values(file, problems) | _environment_values(environment, problems)
    values |= {name: value for name, value in (overrides or {}).items() if value is not None}
    known = {each.name for each in fields(Config)}
    problems += [f"unknown setting '{name}'" for name in values if name not in known]
    if problems:
        raise ValueError("\n".join(problems))
    config = Config(**values)
    problems = check(config)
    if problems:
        raise ValueError("\n".join(problems))
    return config


def check(config: Config) -> list[str]:
    """Every problem with the values themselves, a sentence each."""
    problems = []
    if config.database and not config.database.startswith(("postgresql://", "postgres://")):
        problems.append("database must be a postgresql:// address, or empty for SQLite")
    if config.blobs and not config.blobs.startswith("s3://"):
        problems.append("blobs must be s3://bucket/prefix, or empty for the data directory")
    if not 0 < config.moderation_threshold <= 1:
        problems.append(
            f"moderation_threshold must be above 0 and at most 1, not {config.moderation_threshold:g}"
        )
    limits = {name: getattr(config, name) for name in _NOT_NEGATIVE}
    problems += [f"{name} must be 0 or more, not {value}" for name, value in limits.items() if value < 0]
    if not 0 <= config.port <= 65_535:
        problems.append(f"port must be between 0 and 65535, not {config.port}")
    problems += [
        f"gpus must be tables with a name and memory_mb above 0, not {each!r}"
        for each in config.gpus
        if not _is_gpu(each)
    ]
    if config.memory_factor != 0 and not 1 <= config.memory_factor < math.inf:
        problems.append(f"memory_factor must be 0 or at least 1, not {config.memory_factor:g}")
    return problems + [
        f"{name} must be {shown}, not '{getattr(config, name)}'"
        for name, (words, shown) in _ONE_OF.items()
        if getattr(config, name) not in words
    ]


def _is_gpu(given: Any) -> bool:
    if not isinstance(given, dict) or given.keys() != {"name", "memory_mb"}:
        return False
    return isinstance(given["name"], str) and type(given["memory_mb"]) is int and given["memory_mb"] > 0


def _file_values(file: Path | None, problems: list[str]) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = tomllib.loads(file.read_text())
    except OSError as error:
        problems.append(f"cannot read {file}: {error.strerror}")
        return {}
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{file} is not valid TOML: {error}")
        return {}
    kinds = {each.name: _kind(each) for each in fields(Config)}
    values = {}
    for name, value in found.items():
        kind = kinds.get(name, type(value))
        values[name] = float(value) if kind is float and type(value) is int else value
        if type(values[name]) is not kind:
            problems.append(f"{name} in {file} must be a {_WORDS.get(kind, kind.__name__)}")
    return values


def _environment_values(environment: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for each in fields(Config):
        variable = f"FORETELL_{each.name.upper()}"
        text = environment.get(variable)
        if text is None:
            continue
        try:
            values[each.name] = _parsed(text, _kind(each))
        except ValueError:
            word = _WORDS.get(_kind(each), _kind(each).__name__)
            problems.append(f"{variable} must be a {word}, not '{text}'")
    return values


def _kind(setting: Field[Any]) -> type[Any]:
    factory = setting.default_factory
    return type(setting.default) if factory is MISSING else type(factory())


def _parsed(text: str, kind: type[Any]) -> Any:
    if kind is dict:
        return tomllib.loads(text)
    if kind is list:
        return _listed(text)
    if kind is bool:
        if text.lower() not in {"1", "true", "yes", "on", "0", "false", "no", "off", ""}:
            raise ValueError(text)
        return text.lower() in {"1", "true", "yes", "on"}
    return kind(text)


def _listed(text: str) -> list[Any]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError(text)
    return found
