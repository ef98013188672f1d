"""The files of a run's input on their way to another Foretell: small ones in the request, large ones before it."""

import asyncio
from pathlib import Path

from refusals import RemoteError
from remote_files import as_data_uri, media_type
from server import Ask, Server

INLINE_BYTES_MAX = 5 * 1024 * 1024
"""What all files together may have to be sent within the request."""


class Uploads:
    """Those of one run. `made` are the ids there of what was uploaded."""

    def __init__(self, server: Server, run_id: str, *, is_possible: bool) -> None:
        """`is_possible`: the server takes uploads; one that does not gets every file within the request."""
        self.made: list[str] = []
        self._server = server
        self._run_id = run_id
        self._is_possible = is_possible
        self._left_bytes = INLINE_BYTES_MAX

    async def sent(self, path: Path) -> str:
        """What the server takes for the file. Raises RemoteError."""
        size = (await asyncio.to_thread(path.stat)).st_size
        if size <= self._left_bytes or not self._is_possible:
            self._left_bytes -= size
            return await as_data_uri(path)
        # By this name another attempt finds it: with another file it would ask for another prediction.
        name = f"foretell-{self._run_id}-{len(self.made)}-"
        self.made.append(await self._found(name) or await self._uploaded(path, name))
        return self.made[-1]

    async def removed(self) -> None:
        """Takes away there what was uploaded."""
        for file_id in self.made:
            try:
                await self._server.json(Ask("DELETE", f"/v1/files/{file_id}", is_repeatable=True))
            except RemoteError as error:
                print(error)

    async def _found(self, name: str) -> str:
        listed = await self._server.json(Ask("GET", "/v1/files", is_repeatable=True))
        found = [each["id"] for each in listed.get("data", ()) if each.get("name", "").startswith(name)]
        return str(found[0]) if found else ""

    async def _uploaded(self, path: Path, name: str) -> str:
        data = await asyncio.to_thread(path.read_bytes)
        files = {"file": (f"{name}file{path.suffix}", data, media_type(path))}
        made = await self._server.json(Ask("POST", "/v1/files", files=files))
        return str(made["id"])
