"""The second implementation beside real daemons: it reads what they publish, and they take in what it publishes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import unittest
from pathlib import Path

from .cases import PROFILE, Case, author, settled
from .daemons import Daemon, event, resource
from .frame import Pack, read_frame
from .head import Head
from .session import Peer, Session


def held(peer: Peer, daemon: Daemon) -> Head:
    """The head of the daemon's own place whose content we have."""
    head = peer.memory.places[daemon.place].held
    assert head is not None
    return head


class Reading(Case):
    """What daemons publish."""

    def publisher(self) -> tuple[Daemon, dict[str, str]]:
        daemon = self.network.daemon("Konk", "--commune", "29039")
        files = {
            "events/2027-03/fete.json": event("Fête"),
            "events/2027-03/bal.json": event("Bal"),
            "resources/saw.json": resource("Saw"),
            "resources/laser/record.json": resource("Laser"),
            "resources/laser/readme.md": "# Laser\n" * 50,
        }
        daemon.publish(files)
        return daemon, files

    async def test_a_place_is_authenticated_fetched_and_verified_to_the_byte(self) -> None:
        daemon, files = self.publisher()
        peer = self.peer()
        session = await peer.dial(daemon.serve())
        self.assertEqual(session.channel.remote, daemon.place)
        await session.until(lambda: settled(session))
        found = peer.memory.files(daemon.place)
        self.assertEqual({path: octets.decode() for path, octets in found.items() if path in files}, files)
        others = {"profile.json", "identity/charters", "identity/allowed_signers"}
        self.assertEqual(set(found) - set(files), others)
        head = daemon.ask("status")["own"][0]["head"]
        self.assertEqual(held(peer, daemon).hash().hex(), head["hash"])

    async def test_the_reader_prints_what_a_place_publishes(self) -> None:
        daemon, files = self.publisher()
        line = [sys.executable, "-m", "tests.second.read_place", daemon.serve(), daemon.place.hex()]
        folder = Path(__file__).parents[2]
        printed = await asyncio.to_thread(lambda: subprocess.run(line, cwd=folder, capture_output=True, timeout=60, check=True).stdout)
        for path, text in files.items():
            self.assertIn(f"{daemon.place.hex()}/{path}\n{text}", printed.decode())

    async def test_a_publication_is_heard_live_and_comes_thin(self) -> None:
        daemon, _ = self.publisher()
        peer = self.peer()
        session = await peer.dial(daemon.serve())
        await session.until(lambda: settled(session))
        before, spoken = held(peer, daemon), session.channel.bytes_both_ways()
        daemon.publish({"events/2027-03/bal.json": event("Bal masqué")})
        await session.until(lambda: peer.memory.places[daemon.place].held != before)
        self.assertEqual(peer.memory.files(daemon.place)["events/2027-03/bal.json"], event("Bal masqué").encode())
        self.assertEqual(held(peer, daemon).previous, before.hash())
        self.assertEqual((session.pushed, session.requests), (1, 1), "it came with its head, on the commit before")
        self.assertLess(session.channel.bytes_both_ways() - spoken, 2500)

    async def test_who_was_away_fetches_only_what_is_new(self) -> None:
        daemon, _ = self.publisher()
        peer = self.peer()
        first = await peer.dial(daemon.serve())
        await first.until(lambda: settled(first))
        await first.channel.socket.close()
        whole = sum(len(octets) for octets in (packed for ours, packed in first.channel.spoken if not ours and packed[0] == 6))
        daemon.stop()
        daemon.publish({"events/2027-03/bal.json": event("Bal masqué")})
        again = await peer.dial(daemon.serve())
        await again.until(lambda: settled(again))
        self.assertEqual(peer.memory.files(daemon.place)["events/2027-03/bal.json"], event("Bal masqué").encode())
        thin = [octets for ours, octets in again.channel.spoken if not ours and octets[0] == 6]
        self.assertLess(sum(map(len, thin)), whole)
        self.assertEqual([octets[4 + 3 + 2 + 224 :][:20] for octets in thin[:1]], [first_commit(first, daemon.place)])


def first_commit(session: Session, place: bytes) -> bytes:
    """The commit of the first head of `place` that the session held."""
    for ours, octets in session.channel.spoken:
        if not ours and octets[0] == 6 and isinstance(frame := read_frame(octets), Pack):
            return next(packed.head.commit for packed in frame.places if packed.place == place and packed.head)
    raise AssertionError("no pack")


class Serving(Case):
    """A second author: what the daemon takes in, indexes and hands on was made by none of our code."""

    async def test_a_daemon_takes_in_serves_and_follows_a_place_of_another_hand(self) -> None:
        daemon = self.network.daemon("Konk")
        other = self.peer(author({"events/bal.json": event("Bal second").encode(), "resources/saw.json": resource("Scie").encode()}))
        session = await other.dial(daemon.serve())
        await self.receipt_for(other.author.heads[-1], session)
        self.assertEqual(await self.names(daemon, "events"), ["Bal second"])
        files = {"profile.json": PROFILE, "events/bal.json": event("Bal deux").encode()}
        head = await other.publish(files)
        await self.receipt_for(head, session)
        self.assertEqual(await self.names(daemon, "events"), ["Bal deux"])
        self.assertEqual(await asyncio.to_thread(daemon.cloned, other.author.place, self.network.path / "clone"), files)
        await asyncio.to_thread(daemon.command, "verify")


if __name__ == "__main__":
    unittest.main()
