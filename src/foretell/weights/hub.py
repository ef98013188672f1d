"""A model hub's repositories: what files they hold, and how one of them is read. The routes are Hugging Face's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from foretell.errors import Code, Error

if TYPE_CHECKING:
    import httpx

HUB = "https://huggingface.co"
"""The hub of `hf:` sources, unless `HF_ENDPOINT` names another."""
ANSWER_SECONDS = 30
FILES_MAX = 20_000

_REPOSITORY = re.compile(r"hf:(?P<name>[\w.-]+/[\w.-]+)@(?P<revision>[^@]+)")
_FILE = re.compile(r"hf:(?P<name>[\w.-]+/[\w.-]+)/(?P<file>[^@]+)@(?P<revision>[^@]+)")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on a hub: `owner/name`, at a branch, a tag or a commit. `file`: one file of it is meant."""

    name: str
    revision: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository. Of large ones the hub says the SHA-256, of others git's own hash."""

    size_bytes: int
    sha256: str = ""
    git_sha1: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit, which never changes: its files by their paths."""

    repository: Repository
    files: Mapping[str, HubFile]

    def chosen(self, include: Sequence[str], exclude: Sequence[str]) -> "Listing":
        """Those of the files that match a pattern of `include` (none: all) and none of `exclude`."""
        return Listing(
            self.repository,
            {
                path: each
                for path, each in self.files.items()
                if (not include or _matches(path, include)) and not _matches(path, exclude)
            },
        )


@dataclass(frozen=True, slots=True)
class Hub:
    """A model hub and the token with which private repositories are read."""

    endpoint: str = HUB
    token: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def address(self, repository: Repository, file: str) -> str:
        """Where a file of the repository is read."""
        place = f"{repository.name}/resolve/{quote(repository.revision, safe='')}/{quote(file)}"
        return f"{self.endpoint.rstrip('/')}/{place}"

    async def listing(self, repository: Repository) -> Listing:
        """The repository's files at the commit that its revision is now.

        Error(UNAVAILABLE) says in a sentence why there is none: missing, private, gated, out of reach.
        """
        # Only here and below, as in `downloads`.
        import httpx

        revision = quote(repository.revision, safe="")
        url = f"{self.endpoint.rstrip('/')}/api/models/{repository.name}/revision/{revision}"
        try:
            async with httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=True) as client:
                answer = await client.get(url, params={"blobs": "true"}, headers=self.headers)
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Error(
                Code.UNAVAILABLE, f"The hub {self.endpoint} could not be reached: {reason}."
            ) from error
        if answer.is_error:
            raise refusal(answer, repository, self)
        return _listing(repository, answer.json())

    def part(self, repository: Repository, file: str, start: int, size: int) -> bytes:
        """Up to `size` bytes of a file from `start` on. Blocks; for what is small."""
        import httpx

        if size <= 0:
            return b""
        asked = self.headers | {"Range": f"bytes={start}-{start + size - 1}", "Accept-Encoding": "identity"}
        url = self.address(repository, file)
        with (
            httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=True) as client,
            client.stream("GET", url, headers=asked) as answer,
        ):
            if answer.is_error:
                raise refusal(answer, repository, self)
            skipped = 0 if answer.status_code == httpx.codes.PARTIAL_CONTENT else start
            found = bytearray()
            for chunk in answer.iter_bytes():
                found += chunk
                if len(found) >= skipped + size:
                    break
        return bytes(found[skipped : skipped + size])


def repository_of(source: str) -> Repository | None:
    """The repository or the file of one that a source of weights names; None for any other source."""
    if whole := _REPOSITORY.fullmatch(source):
        return Repository(whole["name"], whole["revision"])
    if match := _FILE.fullmatch(source):
        return Repository(match["name"], match["revision"], match["file"])
    return None


def refusal(answer: "httpx.Response", repository: Repository, hub: Hub) -> Error:
    """What a hub's refusal means, in a sentence."""
    name, page = repository.name, f"{hub.endpoint.rstrip('/')}/{repository.name}"
    match answer.headers.get("x-error-code", ""), answer.status_code:
        case "GatedRepo", _:
            has_token = "The token in HF_TOKEN has no access" if hub.token else "HF_TOKEN is not set"
            message = f"{name} is gated: accept its terms at {page} and give the server a token. {has_token}."
        case "RevisionNotFound", _:
            message = f"{name} has no revision '{repository.revision}'."
        case "EntryNotFound", _:
            message = f"{name} has no such file at '{repository.revision}': {answer.url.path}."
        case "RepoNotFound", _:
            message = f"There is no repository {name}, or it is private.{_token_hint(hub)}"
        case _, 401 | 403:
            message = f"The hub {hub.endpoint} does not let this server read {name}.{_token_hint(hub)}"
        case _, 404:
            message = f"There is no repository {name} at {hub.endpoint}."
        case _, status:
            message = f"The hub {hub.endpoint} answered {status} about {name}; try again later."
    return Error(Code.UNAVAILABLE, message)


def _token_hint(hub: Hub) -> str:
    return "" if hub.token else " A private repository needs HF_TOKEN in the server's environment."


def _listing(repository: Repository, found: Mapping[str, Any]) -> Listing:
    files = {
        each["rfilename"]: _file(each)
        for each in found.get("siblings", ())
        if not PurePosixPath(each["rfilename"]).name.startswith(".git")
    }
    if len(files) > FILES_MAX:
        raise Error(Code.TOO_LARGE, f"{repository.name} has more than {FILES_MAX:,} files.")
    for path in files:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise Error(Code.UNAVAILABLE, f"{repository.name} has a file with an unsafe name: {path}.")
    commit = str(found.get("sha") or repository.revision)
    return Listing(Repository(repository.name, commit, repository.file), files)


def _file(found: Mapping[str, Any]) -> HubFile:
    large = found.get("lfs") or {}
    size = large.get("size") or found.get("size") or 0
    return HubFile(int(size), str(large.get("sha256", "")), str(found.get("blobId", "")))


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, each) for each in patterns)
