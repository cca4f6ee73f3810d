"""Prints what a place publishes, verified: python3 -m tests.second.read_place ws://HOST/peer [PLACE_ID]"""

from __future__ import annotations

import asyncio
import os
import sys

from .author import Author
from .session import Peer


async def show(url: str, wanted: str | None) -> None:
    author = Author("reader", os.urandom(32), os.urandom(32))
    author.publish({"profile.json": b'{"kind": "profile", "name": "reader"}\n'})
    peer = Peer(author)
    session = await peer.dial(url)
    await session.until(lambda: session.reconciled > 0 and not set(peer.memory.missing()) - session.unheld)
    for place in sorted(peer.memory.places):
        if place != author.place and wanted in (None, place.hex()):
            for path, octets in peer.memory.files(place).items():
                print(f"{place.hex()}/{path}")
                print(octets.decode(errors="replace"))
    await peer.close()


if __name__ == "__main__":
    asyncio.run(show(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
