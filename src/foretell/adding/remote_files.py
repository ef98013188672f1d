"""A file of weights at an address, looked at before it is fetched."""

import httpx

from foretell.errors import Code, Error
from foretell.families import Files

ANSWER_SECONDS = 30


def file_at(url: str, name: str) -> Files:
    """The one file at `url`, of which parts can be read. Error(UNAVAILABLE) when it is not there. Blocks."""
    try:
        with httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=True) as client:
            answer = client.head(url, headers={"Accept-Encoding": "identity"})
    except httpx.TransportError as error:
        raise Error(Code.UNAVAILABLE, f"The file {url} could not be reached: {error}.") from error
    if answer.is_error:
        raise Error(
            Code.UNAVAILABLE, f"The file {url} could not be read: the server answered {answer.status_code}."
        )
    size = int(answer.headers.get("content-length", 0))

    def part(_path: str, start: int, size: int) -> bytes:
        return _part(url, start, size)

    return Files(sizes={name: size}, part=part, title=name.rpartition(".")[0] or name, is_single=True)


def _part(url: str, start: int, size: int) -> bytes:
    if size <= 0:
        return b""
    asked = {"Range": f"bytes={start}-{start + size - 1}", "Accept-Encoding": "identity"}
    found = bytearray()
    with (
        httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=True) as client,
        client.stream("GET", url, headers=asked) as answer,
    ):
        if answer.is_error:
            message = f"The file {url} could not be read: the server answered {answer.status_code}."
            raise Error(Code.UNAVAILABLE, message)
        # A server that knows no ranges sends the file from its beginning.
        skipped = 0 if answer.status_code == httpx.codes.PARTIAL_CONTENT else start
        for chunk in answer.iter_bytes():
            found += chunk
            if len(found) >= skipped + size:
                break
    return bytes(found[skipped : skipped + size])
