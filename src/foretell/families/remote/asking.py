"""Asking another server what it has. What it refuses is told in its own words, and its key to nobody."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from foretell.errors import Code, Error

if TYPE_CHECKING:
    import httpx

ANSWER_SECONDS = 20.0
CONNECT_SECONDS = 10.0
ANSWER_BYTES_MAX = 16 * 1024**2
WORDS_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which model, and where. None, and "" for a model: to be found out.

    `variable` names the environment variable in which the key is, "" for none; `key` is what it says here.
    `task` is what the model does, `type` what it gives.
    """

    url: str
    kind: str | None = None
    model: str = ""
    variable: str | None = None
    key: str = ""
    task: str | None = None
    type: str | None = None


class Asking:
    """A connection for a handful of questions."""

    def __init__(self, wanted: Wanted) -> None:
        """Error(INVALID_REQUEST) for an address that is none."""
        # Only here and below: a server asks others only while a model is added, and httpx holds 6 MB.
        import httpx

        self.wanted = wanted
        parts = urlsplit(wanted.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Error(
                Code.INVALID_REQUEST, f"'{wanted.url}' must be an address such as http://127.0.0.1:8000."
            )
        if parts.username or parts.password or parts.query:
            message = "Keep keys out of the address: put yours into a variable and name that."
            raise Error(Code.INVALID_REQUEST, message)
        self.url = wanted.url.rstrip("/")
        self.host = parts.hostname
        self.place = parts.netloc
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def found(self, url: str, *, header: str = "authorization") -> Any:
        """The JSON at an address. Error(INVALID_REQUEST) when it answers anything else."""
        answer = await self._answer(url, header)
        if answer.status_code in {401, 403}:
            raise Error(Code.INVALID_REQUEST, self._refused(answer))
        if not answer.is_success:
            message = f"{url} answers {answer.status_code}: {self._words(answer)}"
            raise Error(Code.INVALID_REQUEST, message)
        try:
            return answer.json()
        except ValueError as error:
            raise Error(Code.INVALID_REQUEST, f"{url} answers something that is not JSON.") from error

    async def looked(self, url: str) -> tuple[int, Any]:
        """The status and the JSON, None if it is none, at an address that is asked without any key."""
        answer = await self._answer(url, "")
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, None

    async def _answer(self, url: str, header: str) -> "httpx.Response":
        import httpx

        key = self.wanted.key
        given = f"Bearer {key}" if header == "authorization" else key
        headers = {header: given} if header and key else {}
        try:
            async with self._client.stream("GET", url, headers=headers) as answer:
                body = await _body(answer, url)
        except httpx.HTTPError as error:
            message = f"{self.place} cannot be reached: {str(error) or type(error).__name__}"
            raise Error(Code.UNAVAILABLE, message) from error
        return httpx.Response(answer.status_code, content=body)

    def _refused(self, answer: "httpx.Response") -> str:
        variable = self.wanted.variable
        words = self._words(answer)
        if not variable:
            return (
                f"{self.place} wants a key ({words}). Name the variable that holds it: --key-variable NAME."
            )
        if not self.wanted.key:
            return f"{self.place} wants a key, and {variable} is not set here: set it for this command too."
        return f"{self.place} refuses the key in {variable}: {words}"

    def _words(self, answer: "httpx.Response") -> str:
        """What the answer says, in its own words."""
        try:
            found = answer.json()
        except ValueError:
            return f"status {answer.status_code}"
        inner = found.get("error", found) if isinstance(found, dict) else found
        said = (inner.get("message") or inner.get("detail")) if isinstance(inner, dict) else inner
        text = " ".join((said if isinstance(said, str) else json.dumps(found)).split())
        return (text.replace(self.wanted.key, "[key]") if self.wanted.key else text)[:WORDS_CHARACTERS_MAX]


async def _body(answer: "httpx.Response", url: str) -> bytes:
    found = b""
    async for piece in answer.aiter_bytes():
        found += piece
        if len(found) > ANSWER_BYTES_MAX:
            raise Error(Code.TOO_LARGE, f"{url} answers more than {ANSWER_BYTES_MAX:,} bytes.")
    return found
