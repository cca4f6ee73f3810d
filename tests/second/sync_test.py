"""§8 with many places, in both roles: what a reconciliation finds, and what it costs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import unittest

from .cases import Case, author, settled
from .daemons import Daemon, event
from .frame import All, Frame, read_frame
from .session import Peer, Session

SKETCH, HEADS = 3, 4
MAPPING = """[source]
name = "Fifty places"
licence = "etalab-2.0"
id = "Number"
[profile]
name = "Name"
insee = "Code"
"""


def said(session: Session, *kinds: int) -> list[bytes]:
    """The frames of these types, of both sides."""
    return [octets for _, octets in session.channel.spoken if octets[0] in kinds]


def asked_for_all(session: Session) -> bool:
    frames: list[Frame] = [read_frame(octets) for octets in said(session, SKETCH)]
    return All() in frames


class Fifty(Case):
    async def hub(self) -> Daemon:
        """A daemon that hosts fifty places."""
        hub = self.network.daemon("Hub", "--network")
        (hub.site / "list.toml").write_text(MAPPING)
        await self.bring(hub, 0)
        return hub

    async def bring(self, hub: Daemon, changed: int) -> None:
        rows = [f"{n};Place {n}{' again' if n <= changed else ''};29039" for n in range(1, 51)]
        (hub.site / "list.csv").write_text("\n".join(["Number;Name;Code", *rows]) + "\n")
        await asyncio.to_thread(hub.command, "import", "--mapping", "list.toml", "list.csv")

    async def synced(self, peer: Peer, url: str, decode: bool = False) -> Session:
        session = await peer.dial(url)
        session.asking.newcomer_asks_all = not decode
        await session.until(lambda: settled(session))
        return session

    async def test_fifty_places_come_by_sketch_alone_within_bounds(self) -> None:
        hub = await self.hub()
        peer = self.peer()
        session = await self.synced(peer, hub.serve(), decode=True)
        self.assertEqual(len(peer.memory.places), 52, "fifty, the hub and our own")
        self.assertTrue(all(known.held for known in peer.memory.places.values()))
        self.assertFalse(asked_for_all(session))
        self.assertLessEqual(session.requests, 2, "one WANT for the head of AUTH, one for all others")
        self.assertLess(sum(map(len, said(session, SKETCH))), 60 * 51 + 1000)
        self.assertLess(sum(map(len, said(session, HEADS))), 400 * 52)
        profiles = [peer.memory.files(place)["profile.json"] for place in peer.memory.places if place not in (peer.author.place, hub.place)]
        self.assertEqual({json.loads(profile)["name"] for profile in profiles}, {f"Place {n}" for n in range(1, 51)})

    async def test_a_newcomer_asks_for_all_and_then_only_for_what_changed(self) -> None:
        hub = await self.hub()
        peer = self.peer()
        first = await self.synced(peer, hub.serve())
        self.assertTrue(asked_for_all(first))
        self.assertEqual(len(peer.memory.places), 52)
        await first.until(lambda: len(first.receipts) > 0)  # the hub has ours
        await peer.close()

        nothing = await self.synced(peer, f"ws://{hub.address}/peer")
        self.assertEqual(sum(map(len, said(nothing, SKETCH, HEADS))), 167)
        await peer.close()

        await self.bring(hub, changed=5)
        some = await self.synced(peer, f"ws://{hub.address}/peer")
        names = [peer.memory.files(place)["profile.json"] for place in peer.memory.places]
        self.assertEqual(sum(b" again" in name for name in names), 5)
        self.assertFalse(asked_for_all(some))
        self.assertLess(sum(map(len, said(some, SKETCH))), 600)
        self.assertLess(sum(map(len, said(some, HEADS))), 5 * 400 + 10)


class BeingDialled(Case):
    async def test_a_daemon_that_dials_us_reconciles_with_our_cells_and_takes_all_in(self) -> None:
        daemon, peer = self.network.daemon("Konk"), self.peer()
        for n in range(30):
            peer.adopt(author({"events/bal.json": event(f"Bal {n}").encode()}))
        async with contextlib.AsyncExitStack() as stack:
            url = await stack.enter_async_context(peer.listening())
            await asyncio.to_thread(daemon.serve, url)
            session = await peer.opened()
            wanted = {known.seen.hash() for known in peer.memory.places.values() if known.seen.place != daemon.place}
            await session.until(lambda: wanted <= session.receipted() and daemon.place not in peer.memory.missing())
            self.assertEqual(len(await self.names(daemon, "events")), 30)
            self.assertIn("profile.json", peer.memory.files(daemon.place))
            await peer.close()

    async def test_more_than_a_mebibyte_goes_both_ways_on_credit(self) -> None:
        noise = {f"resources/plan-{n}.txt": author_noise(n) for n in range(5)}
        daemon, peer = self.network.daemon("Konk"), self.peer(author(noise))
        for path, octets in noise.items():
            (daemon.site / path).parent.mkdir(exist_ok=True)
            (daemon.site / path).write_bytes(octets)
        await asyncio.to_thread(daemon.command, "publish", *noise)
        session = await peer.dial(daemon.serve())
        await session.until(lambda: settled(session))
        self.assertEqual({path: peer.memory.files(daemon.place)[path] for path in noise}, noise)
        await self.receipt_for(peer.author.heads[-1], session)
        self.assertGreater(session.channel.bytes_both_ways(), 4 << 20)


def author_noise(n: int) -> bytes:
    """600 KB that do not deflate, as text."""
    import hashlib

    return b"".join(hashlib.sha512(b"%d %d" % (n, i)).digest() for i in range(9600)).hex().encode()


if __name__ == "__main__":
    unittest.main()
