"""LitServe: one worker process; `stream` as the second argument serves the stream instead."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import litserve


class Echo(litserve.LitAPI):
    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: dict[str, Any]) -> Any:
        return request["prompt"]

    def predict(self, x: str) -> str:
        return x

    def encode_response(self, output: str) -> dict[str, str]:
        return {"output": output}


class Chunks(litserve.LitAPI):
    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: dict[str, Any]) -> Any:
        return request

    def predict(self, x: dict[str, Any]) -> Iterator[str]:
        pause = x.get("pause", 0.0)
        for _ in range(x["count"]):
            if pause:
                time.sleep(pause)
            yield f"piece {time.monotonic():.6f} " if pause else "piece "

    # Without a return type: LitServe would make a response model of it.
    def encode_response(self, output: Iterator[str]):
        for each in output:
            yield f"data: {each}\n\n"


if __name__ == "__main__":
    port, kind = int(sys.argv[1]), sys.argv[2]
    api = Chunks(stream=True) if kind == "stream" else Echo()
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=60)
    server.run(host="127.0.0.1", port=port, log_level="error", generate_client_file=False, access_log=False)
