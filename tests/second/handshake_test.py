"""§6 and §7: what a session says before and after it is authenticated, shown raw to a real daemon and to this implementation."""

from __future__ import annotations

import asyncio
import contextlib
import os
import unittest
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from .author import Author, now
from .cases import Case, author
from .channel import DIALLING, Channel, Ended, dialled
from .charter import signed
from .frame import (
    All, Ask, Auth, Bundle, Bye, Cells, Credit, Done, End, Heads, Hello, Pack, Receipt, TwoCharters, Want, auth_message, read_frame,
)
from .head import Head
from .invitation import Invited, Welcome
from .octets import text8, u8, u16, u64
from .scope import Holders, Scope, Where

GOES_ON = "goes on"


def message(octets: bytes) -> bytes:
    """A frame as RFC 6455 sends it, masked with zeros."""
    size = u8(0x80 | len(octets)) if len(octets) < 126 else u8(0x80 | 126) + u16(len(octets))
    return u8(0x82) + size + bytes(4) + octets


class Dialler:
    """One raw session; the steps of §7, each of which a test may spoil."""

    def __init__(self, channel: Channel, by: Author) -> None:
        self.channel, self.by = channel, by
        self.hello_octets = Hello(os.urandom(32), by.place, now(), "second").encoded()
        self.theirs = b""
        self.place = b""

    async def hello(self, octets: bytes | None = None) -> None:
        self.hello_octets = octets or self.hello_octets
        await self.channel.send_octets(self.hello_octets)
        self.theirs = await self.channel.receive_octets()
        frame = read_frame(self.theirs)
        assert isinstance(frame, Hello), frame
        self.place = frame.place

    def auth_octets(self, role: int = DIALLING, head: Head | None = None, charters: bool = True, seed: bytes | None = None) -> bytes:
        message = auth_message(role, self.hello_octets, self.theirs)
        bundle = Bundle(tuple(self.by.chain) if charters else (), (head or self.by.heads[-1],))
        return Auth(signed(seed or self.by.daemon, message), bundle).encoded()

    async def open(self) -> None:
        await self.hello()
        await self.channel.send_octets(self.auth_octets())
        assert isinstance(read_frame(await self.channel.receive_octets()), Auth)

    def pour(self, frames: Iterable[bytes]) -> None:
        """Thousands of frames in one write."""
        self.channel.socket.transport.write(b"".join(map(message, frames)))

    async def verdict(self) -> str:
        """The code of the BYE, or that the session goes on: it answers a question."""
        with contextlib.suppress(Ended):
            await self.channel.send(Ask(1))
        try:
            while True:
                frame = read_frame(await asyncio.wait_for(self.channel.receive_octets(), 20))
                if isinstance(frame, Bye):
                    return frame.code
                if isinstance(frame, Cells):
                    return GOES_ON
        except Ended:
            return "closed without a BYE"


Step = Callable[[Dialler], Awaitable[None]]


def opening(change: Callable[[Dialler], bytes]) -> Step:
    """HELLO, then what `change` gives in the place of AUTH."""

    async def step(dialler: Dialler) -> None:
        await dialler.hello()
        await dialler.channel.send_octets(change(dialler))

    return step


def first(change: Callable[[Dialler], bytes]) -> Step:
    """What `change` gives in the place of HELLO."""

    async def step(dialler: Dialler) -> None:
        await dialler.channel.send_octets(change(dialler))

    return step


def then(*frames: bytes) -> Step:
    """An open session, and these frames."""

    async def step(dialler: Dialler) -> None:
        await dialler.open()
        for octets in frames:
            await dialler.channel.send_octets(octets)

    return step


async def own_place(dialler: Dialler) -> None:
    await dialler.hello()
    await dialler.channel.close()
    dialler.channel = await dialled(dialler.channel.url)
    await first(lambda d: Hello(os.urandom(32), d.place, now()).encoded())(dialler)


async def strange_frames(dialler: Dialler) -> None:
    """Types of a later version before, between and after; a HELLO that says more."""
    await dialler.channel.send_octets(b"\xff of a later version")
    await dialler.hello(dialler.hello_octets + u8(0) + u8(1) + u64(5) + b"and more")
    await dialler.channel.send_octets(b"\x80")
    await dialler.channel.send_octets(dialler.auth_octets())
    assert isinstance(read_frame(await dialler.channel.receive_octets()), Auth)
    await dialler.channel.send_octets(b"\x9f\0\1\2")


async def strange_agent(dialler: Dialler) -> None:
    await dialler.hello(u8(1) + u16(1) + bytes(32) + dialler.by.place + bytes(8) + b"\1\xff" + b"\0")
    await dialler.channel.send_octets(dialler.auth_octets())


def invited(times: int) -> Step:
    """An invitation that nobody gave, so often, and AUTH."""

    async def step(dialler: Dialler) -> None:
        await dialler.hello()
        for _ in range(times):
            await dialler.channel.send(Invited(bytes(16), bytes(32)))
        await dialler.channel.send_octets(dialler.auth_octets())

    return step


def under_an_old_charter(dialler: Dialler) -> bytes:
    daemon = dialler.by.daemon
    dialler.by.rotate(os.urandom(32))
    return dialler.auth_octets(seed=daemon)


def unsigned_charter(dialler: Dialler) -> bytes:
    by = dialler.by
    by.rotate(os.urandom(32))
    by.chain[-1] = replace(by.chain[-1], signatures=())
    by.sign(by.heads[-1].commit, by.objects.commit(by.heads[-1].commit).tree)
    return dialler.auth_octets()


def forged(by: Author) -> bytes:
    head = by.heads[-1]
    return Heads(Bundle(tuple(by.chain), (replace(head, sequence=head.sequence + 1),))).encoded()


HANDSHAKES: dict[str, tuple[Step, str]] = {
    "as it should be": (then(), GOES_ON),
    "frames and fields of a later version": (strange_frames, GOES_ON),
    "another version": (first(lambda d: Hello(bytes(32), d.by.place, now(), version=2).encoded()), "unsupported-version"),
    "its own place": (own_place, "same-place"),
    "a HELLO that is cut": (first(lambda d: d.hello_octets[:50]), "truncated"),
    "an agent that is not UTF-8": (strange_agent, GOES_ON),
    "AUTH first": (first(lambda d: d.auth_octets()), "unexpected-frame"),
    "HEADS first": (first(lambda d: forged(d.by)), "unexpected-frame"),
    "HEADS before AUTH": (opening(lambda d: forged(d.by)), "unexpected-frame"),
    "SCOPE before AUTH": (opening(lambda d: Scope(("29",)).encoded()), "unexpected-frame"),
    "INVITED first": (first(lambda d: Invited(bytes(16), bytes(32)).encoded()), "unexpected-frame"),
    "INVITED by nobody": (invited(1), GOES_ON),
    "INVITED twice": (invited(2), "unexpected-frame"),
    "HELLO twice": (opening(lambda d: d.hello_octets), "unexpected-frame"),
    "the other role": (opening(lambda d: d.auth_octets(role=1)), "bad-signature"),
    "another key": (opening(lambda d: d.auth_octets(seed=bytes(32))), "bad-signature"),
    "a head with a changed signature": (
        opening(lambda d: d.auth_octets(head=replace(d.by.heads[-1], signature=bytes(64)))),
        "bad-signature",
    ),
    "a head of another place": (opening(lambda d: d.auth_octets(head=author().heads[-1])), "bad-head"),
    "no charters of an unknown place": (opening(lambda d: d.auth_octets(charters=False)), "unknown-place"),
    "a head under an old charter": (opening(under_an_old_charter), "bad-head"),
    "a charter that nobody signed": (opening(unsigned_charter), "bad-signature"),
    "no head": (opening(lambda d: Auth(bytes(64), Bundle(tuple(d.by.chain), ())).encoded()), "malformed"),
}
KEY, ZERO32 = bytes(16), bytes(32)
STRANGER = author()
FRAMES: dict[str, tuple[Step, str]] = {
    "a type below 0x80 that is unknown": (then(b"\x7f"), "malformed"),
    "nothing": (then(b""), "truncated"),
    "AUTH twice": (then(Auth(bytes(64), Bundle((), (STRANGER.heads[-1],))).encoded()), "unexpected-frame"),
    "INVITED after AUTH": (then(Invited(bytes(16), ZERO32).encoded()), "unexpected-frame"),
    "WELCOME to nobody": (then(Welcome().encoded()), GOES_ON),
    "two charters that are one": (then(TwoCharters(STRANGER.chain[0], STRANGER.chain[0]).encoded()), "malformed"),
    "a WHERE of nothing": (then(Where(()).encoded()), "malformed"),
    "a WHERE that does not ascend": (then(Where((ZERO32, ZERO32)).encoded()), "malformed"),
    "a WHERE of what nobody knows": (then(Where((ZERO32,)).encoded()), GOES_ON),
    "holders of nothing": (then(Holders((), ()).encoded()), GOES_ON),
    "a byte too many": (then(Ask(1).encoded() + b"\0"), "trailing-bytes"),
    "a part of SKETCH that is unknown": (then(b"\x03\x07"), "malformed"),
    "CELLS without ASK": (then(Cells(KEY, 0, 0, b"").encoded()), GOES_ON),
    "END without ASK": (then(End().encoded()), GOES_ON),
    "DONE without ASK": (then(Done(KEY, True, ()).encoded()), GOES_ON),
    "ALL without ASK": (then(All().encoded()), GOES_ON),
    "a head with a wrong signature": (then(forged(STRANGER)), "bad-signature"),
    "a head of an unknown place": (then(Heads(Bundle((), (STRANGER.heads[-1],))).encoded()), GOES_ON),
    "charters of a place without its head": (then(Heads(Bundle(tuple(STRANGER.chain), ())).encoded()), GOES_ON),
    "65 heads": (then(Heads(Bundle((), (STRANGER.heads[-1],) * 65)).encoded()), "too-many"),
    "WANT 0": (then(Want(0, ((ZERO32, bytes(20)),)).encoded()), "malformed"),
    "a WANT of nothing": (then(Want(1, ()).encoded()), "malformed"),
    "a WANT that does not ascend": (then(Want(1, ((ZERO32, bytes(20)),) * 2).encoded()), "malformed"),
    "a WANT of what nobody knows": (then(Want(1, ((ZERO32, bytes(20)),)).encoded()), GOES_ON),
    "a pack that nobody asked for": (then(Pack(7, 3, (), b"PACK").encoded()), "unexpected-frame"),
    "a pushed pack in two parts": (then(Pack(0, 1, (), b"PACK").encoded()), "malformed"),
    "credit for nothing": (then(Credit(1 << 30).encoded()), GOES_ON),
    "a receipt of an unknown replica": (then(Receipt(ZERO32, now(), ((ZERO32, ZERO32),)).encoded()), GOES_ON),
    "a BYE with a code of a later version": (then(u8(10) + text8("no-such-code", 255) + text8("", 255)), "closed without a BYE"),
}


class Handshakes(Case):
    async def agree(self, shown: dict[str, tuple[Step, str]]) -> None:
        async with self.judges() as judges:
            for what, (step, verdict) in shown.items():
                for name, url in judges.items():
                    with self.subTest(what, judge=name):
                        dialler = Dialler(await dialled(url), author())
                        with contextlib.suppress(Ended):
                            await step(dialler)
                        self.assertEqual(await dialler.verdict(), verdict)
                        await dialler.channel.close()

    async def test_who_authenticates_wrongly_is_told_why(self) -> None:
        await self.agree(HANDSHAKES)

    async def test_a_frame_that_may_not_be_ends_the_session_with_its_code(self) -> None:
        await self.agree(FRAMES)


if __name__ == "__main__":
    unittest.main()
