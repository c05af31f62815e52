"""A worker's load in a process of its own, to be killed: prints the id of each event once `record` has returned."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys

from store_rows import KEK, opened

from authz.audit_store import Recorder
from authz.database import Database


async def main(url: str) -> None:
    """Produce for ever with fifty producers; one `write` per line, so that what was said is never half said."""
    async with await Database.open(url) as database, Recorder(database, KEK, worker="load") as recorder:

        async def produce() -> None:
            while True:
                batch = opened(secrets.token_hex(8))
                await recorder.record(batch)
                os.write(1, batch.events[0].id.encode() + b"\n")

        await asyncio.gather(*(produce() for _ in range(50)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
