"""A real name server that changes its mind, asked through this machine's real resolver."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PUBLIC = "93.184.215.14"
# What resolves names is replaced for this process alone: the mount is seen in its namespace only.
ALONE = 'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/nsswitch.conf && exec "$3" "$4"'


@pytest.mark.needs("namespaces")
def test_a_name_servers_second_thoughts_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: dns\n")
    files = [str(tmp_path / "resolv.conf"), str(tmp_path / "nsswitch.conf")]
    program = [sys.executable, str(Path(__file__).with_name("rebinding.py"))]
    command = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    done = subprocess.run(
        [*command, "sh", "-c", ALONE, "sh", *files, *program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    refused = "could not be reached."
    assert found["answers"] == [
        200,
        f"http://rebinding.example/ {refused}",
        f"http://mixed.example/ {refused}",
        200,
    ]
    assert found["reached"] == [PUBLIC, PUBLIC]
    assert found["asked"] == ["rebinding.example", "rebinding.example", "mixed.example", "public.example"]
