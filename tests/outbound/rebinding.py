"""Run in namespaces of its own, where it is the internet: name servers, a public receiver, a private one.

Prints as JSON what three requests led to. The name `rebinding.example` is public when it is asked for first and
this machine ever after; `mixed.example` is both at once; `public.example` is public.
"""

import asyncio
import fcntl
import json
import socket
import struct
import sys
from typing import Any

from foretell.config import Config
from foretell.errors import Error
from foretell.outbound import Outbound

PUBLIC = "93.184.215.14"
PRIVATE = "127.0.0.1"
NAMES_PORT = 53
SET_ADDRESS, SET_FLAGS = 0x8916, 0x8914
UP = 0x1 | 0x40


class Names(asyncio.DatagramProtocol):
    """Answers questions for IPv4 addresses; every answer may be kept for no time at all."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        name, end = _name(data)
        (kind,) = struct.unpack_from(">H", data, end)
        found = self._addresses(name) if kind == 1 else []
        head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
        records = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(each) for each in found
        )
        self._transport.sendto(head + data[12 : end + 4] + records, address)

    def _addresses(self, name: str) -> list[str]:
        self.asked.append(name)
        if name == "mixed.example":
            return [PUBLIC, PRIVATE]
        if name == "rebinding.example" and self.asked.count(name) > 1:
            return [PRIVATE]
        return [PUBLIC]


async def main() -> dict[str, Any]:
    _give("lo", PRIVATE)
    _give("lo:1", PUBLIC)
    names = Names()
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: names, local_addr=(PRIVATE, NAMES_PORT))
    reached: list[str] = []
    for address in (PUBLIC, PRIVATE):
        await asyncio.start_server(_receiver(address, reached), address, 80)
    outbound = Outbound(Config(host="0.0.0.0"))
    asked = ("rebinding", "rebinding", "mixed", "public")
    answers = [await _answer(outbound, f"http://{name}.example/") for name in asked]
    return {"answers": answers, "reached": reached, "asked": names.asked}


async def _answer(outbound: Outbound, url: str) -> int | str:
    try:
        return (await outbound.post(url, b"{}", {}, 10)).status
    except Error as error:
        return error.message


def _receiver(address: str, reached: list[str]) -> Any:
    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        reached.append(address)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    return receive


def _name(data: bytes) -> tuple[str, int]:
    """The name that is asked for, and where in the question it ends."""
    labels, at = [], 12
    while size := data[at]:
        labels.append(data[at + 1 : at + 1 + size].decode())
        at += 1 + size
    return ".".join(labels).lower(), at + 1


def _give(interface: str, address: str) -> None:
    """Gives this namespace's loopback an address."""
    name = interface.encode().ljust(16, b"\0")
    with socket.socket() as end:
        place = struct.pack("H2s4s8s", socket.AF_INET, b"\0\0", socket.inet_aton(address), b"\0" * 8)
        fcntl.ioctl(end, SET_ADDRESS, name + place)
        fcntl.ioctl(end, SET_FLAGS, name + struct.pack("H14s", UP, b"\0" * 14))


if __name__ == "__main__":
    json.dump(asyncio.run(main()), sys.stdout)
