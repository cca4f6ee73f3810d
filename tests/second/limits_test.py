"""§7, §8 and §9 at their edges, shown to a real daemon: what is just allowed goes on, one more ends that session and no other."""

from __future__ import annotations

import asyncio
import contextlib
import os
import unittest
from collections.abc import Callable
from functools import partial

from .author import Author
from .cases import PROFILE, Case, author, settled
from .channel import Ended, dialled
from .frame import (
    FIRST, FRAME_MAX, HEADS_MAX, LAST, WANT_MAX, Ask, Bundle, Bye, Cells, Credit, Done, Frame, Heads, Hello, Pack, Packed, Receipt, Want,
    read_frame,
)
from .handshake_test import GOES_ON, Dialler
from .head import Head
from .octets import Refused, sha256, text8, u8, u16, u32
from .pack import write_pack
from .session import CREDIT_MAX, PART_MAX, Peer, Session

ZERO = bytes(20)
PUSHED_MAX, RELAYED_MAX = 64 * 1024, 8 * 1024


def pushed_of(by: Author, size: int) -> Pack:
    """The next publication of a place, whose thin pack has so many bytes."""
    before, noise = by.heads[-1], size - 600
    while True:
        known = set(by.objects.held)
        head = by.publish({"profile.json": PROFILE, "noise.txt": os.urandom(noise)})
        octets = write_pack(made for name, made in by.objects.held.items() if name not in known)
        if len(octets) == size:
            return Pack(0, FIRST | LAST, (Packed(by.place, head, before.commit),), octets)
        noise += size - len(octets)
        del by.heads[-1]
        by.objects.held = {name: by.objects.held[name] for name in known}


def holders(daemons: int, by: int, places: list[bytes]) -> bytes:
    """HOLDERS of so many daemons, so many of which hold each place."""
    each = u8(by) + b"".join(map(u8, range(by)))
    return u8(0x86) + u8(daemons) + (bytes(32) + u8(0)) * daemons + u16(len(places)) + b"".join(place + each for place in places)


def held(peer: Peer, place: bytes) -> Head | None:
    known = peer.memory.places.get(place)
    return known.held if known else None


def daemon_reconciled(session: Session) -> bool:
    """The daemon, which dialled, has asked its questions."""
    return any(not ours and octets[0] == 3 and octets[1] in (3, 4) for ours, octets in session.channel.spoken)


class Limits(Case):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.daemon = await asyncio.to_thread(self.network.daemon, "Konk")

    async def opened(self) -> Dialler:
        dialler = Dialler(await dialled(self.url), author())
        await dialler.open()
        return dialler

    async def serve(self) -> None:
        self.url = await asyncio.to_thread(self.daemon.serve)

    async def judged(self, *frames: bytes | str) -> str:
        dialler = await self.opened()
        for octets in frames:
            await dialler.channel.socket.send(octets)
        verdict = await dialler.verdict()
        await dialler.channel.close()
        return verdict

    async def test_frames_end_at_256_kib_and_are_binary(self) -> None:
        await self.serve()
        self.assertEqual(await self.judged(b"\x80" + bytes(FRAME_MAX - 1)), GOES_ON)
        self.assertEqual(await self.judged(b"\x80" + bytes(FRAME_MAX)), "closed without a BYE")
        self.assertEqual(await self.judged("HELLO"), "closed without a BYE")

    async def test_a_want_has_512_places_and_four_wait_at_most(self) -> None:
        self.fill(4)
        await self.serve()
        places = sorted(os.urandom(32) for _ in range(WANT_MAX + 1))
        most = Want(1, tuple((place, ZERO) for place in places[:-1])).encoded()
        more = b"\x05" + u32(1) + u16(WANT_MAX + 1) + b"".join(place + ZERO for place in places)
        self.assertEqual(await self.judged(most), GOES_ON)
        self.assertEqual(await self.judged(more), "too-many")
        large = [Want(n, ((self.daemon.place, ZERO),)).encoded() for n in range(1, 6)]
        self.assertEqual(await self.judged(*large[:4]), GOES_ON)
        self.assertEqual(await self.judged(*large), "too-many")

    def fill(self, count: int) -> None:
        """So many files of 500 KB that do not deflate."""
        names = [f"resources/plan-{n}.txt" for n in range(count)]
        (self.daemon.site / "resources").mkdir(exist_ok=True)
        for name in names:
            (self.daemon.site / name).write_bytes(os.urandom(500_000))
        self.daemon.command("publish", *names)

    async def test_a_sender_stops_at_a_mebibyte_and_goes_on_with_credit(self) -> None:
        self.fill(4)
        await self.serve()
        dialler = await self.opened()
        await dialler.channel.send(Want(1, ((self.daemon.place, ZERO),)))
        taken = 0
        while taken + PART_MAX <= CREDIT_MAX:
            taken += len((await self.part(dialler)).octets)
        await dialler.channel.send(Ask(1))  # answered, while the pack waits
        while not isinstance(frame := await self.next(dialler), Cells):
            self.assertNotIsInstance(frame, Pack)
        await dialler.channel.send(Credit(taken))
        last = False
        while not last:
            pack = await self.part(dialler)
            last = bool(pack.flags & LAST)
            await dialler.channel.send(Credit(len(pack.octets)))
        await dialler.channel.close()

    async def next(self, dialler: Dialler) -> Frame:
        return read_frame(await asyncio.wait_for(dialler.channel.receive_octets(), 20))

    async def part(self, dialler: Dialler) -> Pack:
        while not isinstance(frame := await self.next(dialler), Pack):
            self.assertNotIsInstance(frame, Bye)
        return frame

    async def asked(self, by: Author) -> tuple[Dialler, int]:
        """A session in which the daemon has asked for our place; the number of its request."""
        dialler = Dialler(await dialled(self.url), by)
        await dialler.open()
        while not isinstance(frame := await self.next(dialler), Want):
            pass
        return dialler, frame.request

    async def test_a_part_has_128_kib_at_most_and_4_kib_at_least_when_it_is_not_the_last(self) -> None:
        await self.serve()
        for size, code in ((4095, "malformed"), (4096, GOES_ON), (PART_MAX, GOES_ON), (PART_MAX + 1, "too-large")):
            by = author()
            dialler, request = await self.asked(by)
            await dialler.channel.send(Pack(request, FIRST, (Packed(by.place, by.heads[-1]),), bytes(size)))
            self.assertEqual(await dialler.verdict(), code)
            await dialler.channel.close()

    async def test_a_pack_of_another_place_or_on_another_base_is_malformed(self) -> None:
        await self.serve()
        other = author()
        for wrong in (Packed(other.place, other.heads[-1]), None):
            by = author()
            dialler, request = await self.asked(by)
            packed = wrong or Packed(by.place, by.heads[-1], b"\1" * 20)
            await dialler.channel.send(Pack(request, FIRST | LAST, (packed,), b""))
            self.assertEqual(await dialler.verdict(), "malformed")
            await dialler.channel.close()

    async def test_a_pushed_pack_ends_at_64_kib_and_needs_no_credit(self) -> None:
        await self.serve()
        by = author()
        peer = self.peer(by)
        session = await peer.dial(self.url)
        await self.receipt_for(by.heads[-1], session)
        for n in range(40):  # more than a mebibyte in all
            await peer.publish({"profile.json": PROFILE, "noise.txt": os.urandom(60_000) + b"%d" % n})
        await self.receipt_for(by.heads[-1], session)
        self.assertGreater(session.channel.bytes_both_ways(), CREDIT_MAX)
        asked = self.asked_by(session)
        await session.channel.send(pushed_of(by, PUSHED_MAX))
        await self.receipt_for(by.heads[-1], session)
        self.assertEqual(self.asked_by(session), asked, "it is taken in as it came")
        await session.channel.send(pushed_of(by, PUSHED_MAX + 1))
        with self.assertRaises(Ended) as ended:
            await session.until(lambda: False)
        self.assertEqual(ended.exception.code, "too-large")

    def asked_by(self, session: Session) -> int:
        """How many WANTs the other side has sent."""
        return sum(isinstance(read_frame(octets), Want) for ours, octets in session.channel.spoken if not ours)

    async def test_a_daemon_pushes_up_to_64_kib_of_its_own_and_hands_on_up_to_8(self) -> None:
        await self.serve()
        by = author()
        writer, reader = self.peer(by), self.peer()
        writing, reading = await writer.dial(self.url), await reader.dial(self.url)
        await self.receipt_for(by.heads[-1], writing)
        await reading.until(lambda: settled(reading) and held(reader, by.place) == by.heads[-1])
        for size, pushed in ((RELAYED_MAX, True), (RELAYED_MAX + 1, False)):
            before = reading.pushed
            await writing.channel.send(pushed_of(by, size))
            await reading.until(lambda: held(reader, by.place) == by.heads[-1])
            self.assertEqual(reading.pushed - before, pushed, f"{size} bytes of another's")
        for size, pushed in ((PUSHED_MAX - 2048, True), (PUSHED_MAX, False)):  # of the file alone
            before, head = reading.pushed, held(reader, self.daemon.place)
            (self.daemon.site / "noise.txt").write_bytes(os.urandom(size))
            await asyncio.to_thread(self.daemon.command, "publish", "noise.txt")
            await reading.until(lambda: held(reader, self.daemon.place) != head)  # noqa: B023
            self.assertEqual(reading.pushed - before, pushed, f"{size} bytes of its own")

    async def test_a_frame_counts_to_its_limit_and_no_further(self) -> None:
        await self.serve()
        places = sorted(os.urandom(32) for _ in range(WANT_MAX + 1))
        head = author().heads[-1]
        counted: dict[str, tuple[Callable[[int], bytes], int]] = {
            "heads": (lambda n: Heads(Bundle((), (head,) * n)).encoded(), HEADS_MAX),
            "places in WHERE": (lambda n: u8(0x85) + u16(n) + b"".join(places[:n]), WANT_MAX),
            "places in HOLDERS": (lambda n: holders(1, 1, places[:n]), WANT_MAX),
            "daemons in HOLDERS": (lambda n: holders(n, 1, places[:1]), 64),
            "daemons that hold a place": (lambda n: holders(8, n, places[:1]), 4),
            "places in RECEIPT": (lambda n: Receipt(bytes(32), 0, tuple((place, bytes(32)) for place in places[:n])).encoded(), WANT_MAX),
            "texts in SCOPE": (lambda n: u8(0x84) + u8(n) + text8("29", 64) * n, 64),
        }
        for what, (made, most) in counted.items():
            with self.subTest(what):
                self.assertEqual(await self.judged(made(most)), GOES_ON)
                self.assertEqual(await self.judged(made(most + 1)), "too-many")
        self.assertEqual(await self.judged(u8(0x84) + u8(1) + text8("x" * 64, 64)), GOES_ON)
        self.assertNotEqual(await self.judged(u8(0x84) + u8(1) + text8("x" * 65, 65)), GOES_ON)

    async def test_a_hello_has_64_scopes_at_most(self) -> None:
        await self.serve()
        for count, verdict in ((64, GOES_ON), (65, "too-many")):
            by = author()
            dialler = Dialler(await dialled(self.url), by)
            with contextlib.suppress(Ended):
                await dialler.hello(Hello(os.urandom(32), by.place, 0, scopes=("29",) * count).encoded())
                await dialler.channel.send_octets(dialler.auth_octets())
            self.assertEqual(await dialler.verdict(), verdict)
            await dialler.channel.close()

    async def test_who_sent_a_broken_pack_is_not_heard_again_so_soon_and_others_are(self) -> None:
        await self.serve()
        by = author()
        dialler, request = await self.asked(by)
        await dialler.channel.send(Pack(request, FIRST | LAST, (Packed(by.place, by.heads[-1]),), bytes(32)))
        while not isinstance(frame := await self.next(dialler), Bye):
            pass
        self.assertEqual(frame.code, "bad-pack")
        await dialler.channel.close()
        again = Dialler(await dialled(self.url), by)
        await again.hello()
        await again.channel.send_octets(again.auth_octets())
        self.assertEqual(await again.verdict(), "rate-limited")
        await again.channel.close()
        self.assertEqual(await self.judged(), GOES_ON)

    async def test_done_names_no_more_symbols_than_there_are_places(self) -> None:
        await self.serve()
        dialler = await self.opened()
        await dialler.channel.send(Ask(1))
        while not isinstance(frame := await self.next(dialler), Cells):
            pass
        symbols = tuple(int.from_bytes(sha256(u32(n))[:8], "big") for n in range(frame.size + 64))
        await dialler.channel.send(Done(frame.key, True, symbols))
        self.assertEqual(await dialler.verdict(), "too-many")
        await dialler.channel.close()

    async def test_of_two_sessions_in_one_direction_the_newer_stays(self) -> None:
        await self.serve()
        by = author()
        older, newer = Dialler(await dialled(self.url), by), Dialler(await dialled(self.url), by)
        await older.open()
        self.assertEqual(await older.verdict(), GOES_ON)
        await newer.open()
        self.assertEqual(await newer.verdict(), GOES_ON)
        while not isinstance(frame := await self.next(older), Bye):
            pass
        self.assertEqual(frame.code, "duplicate-session")
        await newer.channel.close()

    async def test_of_two_sessions_in_opposite_directions_the_one_that_the_smaller_id_dialled_stays(self) -> None:
        for smaller in (True, False):
            with self.subTest(ours_is_smaller=smaller):
                by = author()
                while (by.place < self.daemon.place) != smaller:
                    by = author()
                peer = self.peer(by)
                async with peer.listening() as url:
                    self.url = await asyncio.to_thread(self.daemon.serve, url)
                    theirs = await peer.opened()
                    await theirs.until(lambda: daemon_reconciled(theirs))
                    stays = False
                    with contextlib.suppress(Refused, Ended):
                        ours = await peer.dial(self.url)
                        await ours.until(partial(settled, ours))
                        stays = ours.ended is None
                    self.assertEqual((stays, theirs.ended is None), (smaller, not smaller))
                    await peer.close()
                await asyncio.to_thread(self.daemon.stop)

    async def test_a_session_that_is_refused_disturbs_no_other(self) -> None:
        await self.serve()
        peer = self.peer()
        session = await peer.dial(self.url)
        await session.until(lambda: settled(session))
        liar = await self.opened()
        await liar.channel.send(Heads(Bundle((), (author().heads[-1],) * 3)))
        await liar.channel.send_octets(b"\x04\xff")
        self.assertEqual(await liar.verdict(), "truncated")
        head = await peer.publish({"profile.json": PROFILE, "more.txt": b"more"})
        await self.receipt_for(head, session)
        self.assertIsNone(session.ended)
        await liar.channel.close()


if __name__ == "__main__":
    unittest.main()
