"""A courier in a process of its own: `courier_process.py DATA DATABASE NOW`, on the store that these name."""

import asyncio
import sys

from foretell.config import Config
from foretell.loops import Courier
from foretell.outbound import Outbound
from foretell.seal import Seal
from foretell.store import open_store


async def main(data: str, database: str, now: int) -> None:
    config = Config(data=data, database=database, webhook_timeout_seconds=20.0)
    store = await open_store(config, clock=lambda: now)
    await Courier(store, Seal(b"a secret of this server"), Outbound(config), config, clock=lambda: now).run()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
