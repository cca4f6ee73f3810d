"""§8 "Order of sending", "What a session may cost": peers that flood, read nothing or read slowly, and two others whom it does not concern."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import statistics
import time
import unittest
from dataclasses import replace

from .author import Author
from .cases import PROFILE, Case, author, settled
from .channel import Ended, dialled
from .frame import LAST, Bundle, Bye, Credit, Heads, More, Pack, Want, read_frame
from .handshake_test import Dialler
from .head import Head

PUBLICATIONS, PUBLICATIONS_MAX = 12, 60
FLOOD_HEADS, FLOOD_USELESS = 1_500, 40_000  # of the latter 20,000 are borne, and 200 a second
FACTOR, SLACK_SECONDS = 5, 0.25  # of a machine that does much else; who waits for a line waits for much longer
SLOW_BYTES = 1024  # a second


def newer_heads(by: Author, count: int) -> list[bytes]:
    """Frames with so many heads of one place, each newer than the one before."""
    last = by.heads[-1]
    heads = tuple(replace(last, sequence=last.sequence + n).signed_by(by.daemon) for n in range(1, count + 1))
    return [Heads(Bundle((), heads[at : at + 64])).encoded() for at in range(0, count, 64)]


class Flood:
    """A place that opens a session, says all at once what tells little or nothing, and begins again when it is ended."""

    def __init__(self, url: str) -> None:
        self.url, self.by, self.ends, self.over = url, author(), list[str](), False
        useless = (b"\x9f of a later version", Heads(Bundle((), (author().heads[-1],))).encoded(), More(1).encoded())
        self.frames = [*newer_heads(self.by, FLOOD_HEADS), *itertools.islice(itertools.cycle(useless), FLOOD_USELESS)]

    async def run(self) -> None:
        while not self.over:
            dialler = Dialler(await dialled(self.url), self.by)
            await dialler.open()
            try:
                dialler.pour(self.frames)
                self.ends.append(await self.end(dialler))
            finally:
                dialler.channel.socket.transport.abort()

    async def end(self, dialler: Dialler) -> str:
        try:
            while not isinstance(frame := read_frame(await dialler.channel.receive_octets()), Bye):
                pass
        except Ended:
            return "closed without a BYE"
        return frame.code


class Pressure(Case):
    """A hub with two megabytes of its own, who publishes there, and who reads."""

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.hub = await asyncio.to_thread(self.network.daemon, "Hub")
        self.plans = {f"plan-{n}.txt": os.urandom(500_000) for n in range(4)}
        for name, octets in self.plans.items():
            (self.hub.site / name).write_bytes(octets)
        await asyncio.to_thread(self.hub.command, "publish", *self.plans)
        self.url = await asyncio.to_thread(self.hub.serve)
        self.writer, self.reader = self.peer(), self.peer()
        writing, self.reading = await self.writer.dial(self.url), await self.reader.dial(self.url)
        await self.receipt_for(self.writer.author.heads[-1], writing)
        await self.reading.until(lambda: settled(self.reading) and self.held() is not None)

    def held(self) -> Head | None:
        known = self.reader.memory.places.get(self.writer.author.place)
        return known.held if known else None

    async def publication(self) -> float:
        """Seconds from what one publishes to the other's holding it, over the hub."""
        began = time.monotonic()
        head = await self.writer.publish({"profile.json": PROFILE, "noise.txt": os.urandom(100)})
        await self.reading.until(lambda: self.held() == head)
        return time.monotonic() - began

    async def publications(self) -> float:
        return statistics.median([await self.publication() for _ in range(PUBLICATIONS)])

    def as_before(self, before: float, meanwhile: float) -> None:
        self.assertLess(meanwhile, FACTOR * before + SLACK_SECONDS, f"{before:.3f} s before")

    async def syncing(self) -> Dialler:
        """Who has asked four times for all that the hub has, saw it begin to come, and reads no more."""
        dialler = Dialler(await dialled(self.url), author())
        await dialler.open()
        for request in range(1, 5):
            await dialler.channel.send(Want(request, ((self.hub.place, bytes(20)),)))
        while not isinstance(read_frame(await dialler.channel.receive_octets()), Pack):
            pass
        dialler.channel.socket.transport.pause_reading()
        return dialler

    async def trickle(self, dialler: Dialler) -> None:
        """Takes so little a second, until it is cancelled."""
        loop, line = asyncio.get_running_loop(), dialler.channel.socket.transport.get_extra_info("socket")
        with socket.fromfd(line.fileno(), line.family, line.type) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BYTES)
            while await loop.sock_recv(slow, SLOW_BYTES):
                due = asyncio.Event()
                loop.call_later(1, due.set)
                await due.wait()

    async def finish(self, dialler: Dialler) -> None:
        """All four answers to the end."""
        dialler.channel.socket.transport.resume_reading()
        left = 4
        while left:
            frame = read_frame(await asyncio.wait_for(dialler.channel.receive_octets(), 30))
            self.assertNotIsInstance(frame, Bye)
            if isinstance(frame, Pack):
                await dialler.channel.send(Credit(len(frame.octets)))
                left -= bool(frame.flags & LAST)
        await dialler.channel.close()

    async def test_a_peer_that_floods_is_ended_and_keeps_nobody_waiting(self) -> None:
        before, meanwhile = await self.publications(), list[float]()
        flood = Flood(self.url)
        flooding = asyncio.create_task(flood.run())
        try:
            while len(meanwhile) < PUBLICATIONS or not flood.ends:
                meanwhile.append(await self.publication())
                self.assertLess(len(meanwhile), PUBLICATIONS_MAX, "the flood is ended")
        finally:
            flood.over = True
            await asyncio.wait_for(flooding, 30)
        self.assertEqual(set(flood.ends), {"rate-limited"})
        self.as_before(before, statistics.median(meanwhile))

    async def test_peers_that_read_nothing_or_slowly_keep_nobody_waiting_and_lose_nothing(self) -> None:
        before = await self.publications()
        stalled, slow = await self.syncing(), await self.syncing()
        trickling = asyncio.create_task(self.trickle(slow))
        meanwhile = await self.publications()
        self.assertFalse(trickling.done(), "it is still being served")
        trickling.cancel()
        await asyncio.wait([trickling])
        slow.channel.socket.transport.abort()
        self.as_before(before, meanwhile)
        await self.finish(stalled)


if __name__ == "__main__":
    unittest.main()
