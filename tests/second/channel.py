"""§7 Sessions: the WebSocket, both HELLOs and both AUTHs."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.legacy.client import connect

from .author import Author, now
from .charter import Charter, of_places, signed, verified
from .frame import ASKS_FOR_CHARTERS, FRAME_MAX, Auth, Bundle, Bye, Frame, Hello, Unknown, auth_message, read_frame
from .invitation import Invited, invited_by
from .memory import Memory
from .octets import Refused
from .sketch import estimate_of

HANDSHAKE_SECONDS = 10
DIALLING, DIALLED = 0, 1
Kind = TypeVar("Kind")


class Ended(Exception):
    """The other side ended the session; with its BYE when it said one."""

    def __init__(self, bye: Bye | None) -> None:
        super().__init__(f"{bye.code}: {bye.text}" if bye else "closed without a BYE")
        self.code = bye.code if bye else ""


@dataclass
class Channel:
    """Frames over one WebSocket, counted, and written down in `spoken` as (ours, bytes)."""

    socket: Any
    role: int
    spoken: list[tuple[bool, bytes]] = field(default_factory=list)
    remote: bytes = b""  # place id, once authenticated
    remote_key: bytes = b""
    remote_estimate: tuple[int, ...] = ()
    remote_asks: bool = False  # for the charters that it lacks
    scopes: tuple[str, ...] = ()  # that we say
    secret: bytes = b""  # of the invitation that we show
    invited: Invited | None = None  # what the other side showed
    hellos: tuple[bytes, bytes] = (b"", b"")  # the dialling side's, the dialled side's
    url: str = ""

    def bytes_both_ways(self) -> int:
        return sum(len(octets) for _, octets in self.spoken)

    async def send_octets(self, octets: bytes) -> None:
        assert len(octets) <= FRAME_MAX
        self.spoken.append((True, octets))
        try:
            await self.socket.send(octets)
        except ConnectionClosed as closed:
            raise Ended(None) from closed

    async def send(self, frame: Frame) -> None:
        await self.send_octets(frame.encoded())

    async def receive_octets(self) -> bytes:
        try:
            octets = await self.socket.recv()
        except ConnectionClosed as closed:
            raise Ended(None) from closed
        if not isinstance(octets, bytes):
            raise Refused("malformed", "a text message")
        self.spoken.append((False, octets))
        return octets

    async def receive(self) -> Frame:
        """The next frame that is known; a BYE ends the session."""
        while True:
            frame = read_frame(await self.receive_octets())
            if isinstance(frame, Bye):
                raise Ended(frame)
            if not isinstance(frame, Unknown):
                return frame

    async def refuse(self, refused: Refused) -> None:
        """One BYE, and the end."""
        with contextlib.suppress(Ended):
            await self.send(Bye(refused.code, refused.text[:200]))
        await self.close()

    async def close(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.socket.close()

    async def authenticate(self, author: Author, memory: Memory, nonce: bytes | None = None) -> None:
        """HELLO at once, AUTH when the other's HELLO has come; afterwards `remote` is who it says."""
        estimate = estimate_of(known.element() for known in memory.places.values()) if self.role == DIALLED else ()
        said = Hello(nonce or os.urandom(32), author.place, now(), "second", self.scopes, abilities=ASKS_FOR_CHARTERS, estimate=estimate)
        ours = said.encoded()
        await self.send_octets(ours)
        hello = await self.expect(Hello)
        if hello.version != 1:
            raise Refused("unsupported-version", str(hello.version))
        if hello.place == author.place:
            raise Refused("same-place")
        self.remote_estimate, self.remote_asks = hello.estimate, bool(hello.abilities & ASKS_FOR_CHARTERS)
        theirs = [octets for mine, octets in self.spoken if not mine][-1]
        self.hellos = (ours, theirs) if self.role == DIALLING else (theirs, ours)
        if self.secret:
            await self.send(invited_by(self.secret, *self.hellos))
        signature = signed(author.daemon, auth_message(self.role, *self.hellos))
        await self.send(Auth(signature, Bundle(tuple(author.chain), (author.heads[-1],))))
        auth = await self.expect(Auth)
        self.remote_key = self.judge(auth, hello.place, auth_message(1 - self.role, *self.hellos), memory)
        self.remote = hello.place

    async def expect(self, kind: type[Kind]) -> Kind:
        frame = await asyncio.wait_for(self.receive(), HANDSHAKE_SECONDS)
        if isinstance(frame, Invited) and kind is Auth and self.invited is None:
            self.invited = frame
            frame = await asyncio.wait_for(self.receive(), HANDSHAKE_SECONDS)
        if not isinstance(frame, kind):
            raise Refused("unexpected-frame", f"{type(frame).__name__} where {kind.__name__} is due")
        return frame

    def judge(self, auth: Auth, place: bytes, message: bytes, memory: Memory) -> bytes:
        """The table of §7; the daemon key of whoever authenticated."""
        given = of_places(list(auth.bundle.charters))
        if set(given) - {place}:
            raise Refused("bad-charter", "of another place")
        chain: list[Charter] = memory.chain_with(place, given.get(place, []))
        if len(auth.bundle.heads) != 1:
            raise Refused("malformed", "an AUTH has one head")
        (head,) = auth.bundle.heads
        if head.place != place or head.charter != chain[-1].number:
            raise Refused("bad-head", "not of the place that speaks, under its last charter")
        head.check(chain[-1])
        if not verified(chain[-1].daemon, auth.signature, message):
            raise Refused("bad-signature", "of an AUTH")
        memory.take(head, given.get(place, []))
        return chain[-1].daemon


async def dialled(url: str) -> Channel:
    socket = await connect(url, compression=None, max_size=FRAME_MAX, ping_interval=None)
    return Channel(socket, DIALLING, url=url)

