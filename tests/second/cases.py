"""What the tests of this folder share: daemons in a temporary folder, peers that are closed at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import unittest
from collections.abc import AsyncIterator

from .author import Author
from .daemons import Daemon, Network
from .head import Head
from .session import Peer, Session

PROFILE = b'{"kind": "profile", "name": "Atelier Second", "address": {"insee": "29039", "country": "FR"}}\n'


def author(files: dict[str, bytes] | None = None) -> Author:
    """A new place that has published its profile and `files`."""
    made = Author("Atelier Second", os.urandom(32), os.urandom(32))
    made.publish({"profile.json": PROFILE, **(files or {})})
    return made


def settled(session: Session) -> bool:
    """Reconciled, and everything is here that the other side holds."""
    return session.reconciled > 0 and not session.lacking and not set(session.memory.missing()) - session.unheld


class Case(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)
        self.network = self.enterContext(Network())
        self.peers: list[Peer] = []

    async def asyncTearDown(self) -> None:
        for peer in self.peers:
            await peer.close()

    def peer(self, by: Author | None = None, speaks: type[Session] = Session) -> Peer:
        self.peers.append(Peer(by or author(), speaks))
        return self.peers[-1]

    @contextlib.asynccontextmanager
    async def judges(self) -> AsyncIterator[dict[str, str]]:
        """The addresses of a daemon and of a peer of ours."""
        daemon, peer = self.network.daemon("Konk"), self.peer()
        async with peer.listening() as url:
            yield {"daemon": await asyncio.to_thread(daemon.serve), "second": url}
            await peer.close()

    async def receipt_for(self, head: Head, session: Session) -> None:
        """Waits until the other side says that it holds what `head` says."""
        await session.until(lambda: head.hash() in session.receipted())

    async def names(self, daemon: Daemon, kind: str) -> list[str]:
        """The names of the records of a kind that a daemon answers with."""
        return sorted(item["name"] for item in (await asyncio.to_thread(daemon.ask, f"{kind}?limit=1000"))["items"])
