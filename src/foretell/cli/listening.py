"""`foretell webhooks listen`: a receiver of webhooks on this machine, for those who write one."""

import contextlib
import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated

import httpx
import typer

from foretell.cli.configured import settings
from foretell.cli.connection import Target, call
from foretell.cli.options import Data, Json
from foretell.cli.printing import notes
from foretell.cli.receiving import Receiver, Secrets
from foretell.errors import Error
from foretell.main.listening import is_served, socket_path

PORT = 8901
BODY_BYTES_MAX = 64 * 1024**2
SILENT_SECONDS = 30


Port = Annotated[
    int, typer.Option("--port", min=0, max=65_535, help="Port to listen on; 0 takes a free one.")
]
Forward = Annotated[
    str | None,
    typer.Option("--forward", metavar="URL", help="Send on what comes, and answer what is answered there."),
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="SECRET",
        help="Verify with it: a whsec_ secret, or a key's own; may be repeated (default: the whsec_ secret of the "
        "server of --data).",
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="KEY", help="Verify with the API key that creates (default: FORETELL_KEY)."
    ),
]
FailFirst = Annotated[
    int, typer.Option("--fail-first", metavar="N", min=0, help="Answer 500 to the first N.")
]


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(epilog="Example: foretell webhooks listen --forward http://127.0.0.1:3000/hook")(listen)


def listen(
    port: Port = PORT,
    forward: Forward = None,
    secret: Given = None,
    key: Key = None,
    fail_first: FailFirst = 0,
    data: Data = None,
    json: Json = False,
) -> None:
    """Listen for webhooks on this machine: prints each, and whether its signatures are right, until Ctrl-C."""
    given = secret or []
    standard = [each for each in given if each.startswith("whsec_")]
    raw = [each for each in given if not each.startswith("whsec_")]
    key = key or os.environ.get("FORETELL_KEY")
    secrets = Secrets(raw=(*raw, *([key] if key else [])), standard=tuple(standard) or _known_secret(data))
    receiver = Receiver(secrets, forward=forward, failures=fail_first, prints_json=json)
    with ThreadingHTTPServer(("127.0.0.1", port), _taking(receiver)) as server:
        server.daemon_threads = True
        _introduce(server.server_port, secrets)
        # Also where a shell started this in the background, with Ctrl-C turned off.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
        # A second Ctrl-C while what is under way is dropped would only show how.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.block_on_close = False


def _introduce(port: int, secrets: Secrets) -> None:
    notes.print(
        f"Listening at http://127.0.0.1:{port}/ until Ctrl-C. Name it as the webhook of a prediction."
    )
    if not secrets.raw:
        notes.print("X-Skytells-Signature is not checked: --key or --secret says with what.")
    if not secrets.standard:
        notes.print("webhook-signature is not checked: --secret says with what.")


def _known_secret(data: str | None) -> tuple[str, ...]:
    """The secret of the server that runs on this data directory, if one does."""
    if not is_served(socket_path(settings(data=data).data_path)):
        return ()
    try:
        found = call(Target(data or settings().data), lambda server: server.get("/v1/webhooks/secret"))
    except (Error, httpx.HTTPError):
        return ()
    return (str(found["secret"]),)


def _taking(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Taking(BaseHTTPRequestHandler):
        timeout = SILENT_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > BODY_BYTES_MAX:
                self.send_error(411 if not length.isdigit() else 413)
                return
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = receiver.take(headers, body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    return Taking
