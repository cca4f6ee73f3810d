"""Golden transcripts (tests/transcripts): what a daemon of a certain day said in a session, kept to be said again to later ones.

A transcript has every frame of both sides. Said again (`Player`), the frames of that daemon go out byte for byte, but for what must
fit the session of today: the signature of AUTH, the invitation that INVITED shows, the number of a request, and the key of DONE.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from .channel import DIALLED, DIALLING, Channel
from .charter import signed
from .frame import (
    FIRST, LAST, All, Ask, Auth, Bye, Cells, Credit, Done, Due, End, Evidence, Frame, Heads, Hello, More, Pack, Packed,
    Receipt, TwoCharters, Want, auth_message, read_frame,
)
from .head import Head
from .invitation import Invited, Welcome, invited_by
from .octets import Refused
from .scope import Holders, Scope, Where

FOLDER = Path(__file__).parents[1] / "transcripts"


@dataclass
class Transcript:
    """`frames` are (said by the recorded daemon, bytes), in the order of one side's clock."""

    about: str
    role: int
    seed: bytes  # of the recorded daemon's key
    frames: list[tuple[bool, bytes]]
    secret: bytes = b""  # of the invitation that was shown

    def said(self, *kinds: type) -> list[Frame]:
        """What the recorded daemon said, of these kinds."""
        return [frame for frame in (read_frame(octets) for ours, octets in self.frames if ours) if isinstance(frame, kinds)]

    def hellos(self) -> tuple[bytes, bytes]:
        """The dialling side's HELLO and the dialled side's, as they were."""
        said, heard = (next(octets for ours, octets in self.frames if ours == mine) for mine in (True, False))
        return (said, heard) if self.role == DIALLING else (heard, said)

    def write(self, name: str) -> None:
        lines = [("> " if ours else "< ") + octets.hex() for ours, octets in self.frames]
        role = ("dialling", "dialled")[self.role]
        invitation = {"invitation_secret": self.secret.hex()} if self.secret else {}
        text = json.dumps({"about": self.about, "role": role, "daemon_seed": self.seed.hex(), **invitation, "frames": lines}, indent=1)
        with (FOLDER / f"{name}.json").open("x") as file:  # "A transcript is never changed"
            file.write(text + "\n")

    @staticmethod
    def read(name: str) -> Transcript:
        given = json.loads((FOLDER / f"{name}.json").read_text())
        frames = [(line[0] == ">", bytes.fromhex(line[2:])) for line in given["frames"]]
        role = DIALLING if given["role"] == "dialling" else DIALLED
        secret = bytes.fromhex(given.get("invitation_secret", ""))
        return Transcript(given["about"], role, bytes.fromhex(given["daemon_seed"]), frames, secret)


@dataclass
class Player:
    """The recorded daemon, speaking with one of today."""

    transcript: Transcript
    channel: Channel
    secret: bytes = b""  # of an invitation that today's daemon gave, shown in the place of the recorded one
    receipts: set[bytes] = field(default_factory=set)  # hashes of heads that today's daemon says it holds
    heard: list[str] = field(default_factory=list)  # the kinds of frames that it said
    frames: list[Frame] = field(default_factory=list)  # and the frames
    shown: Invited | None = None  # its invitation
    unsent: list[Pack] = field(default_factory=list)
    pushed: list[Pack] = field(default_factory=list)

    def __post_init__(self) -> None:
        packs = [frame for frame in self.transcript.said(Pack) if isinstance(frame, Pack)]
        self.pushed = [pack for pack in packs if pack.request == 0]
        self.unsent = [pack for pack in packs if pack.request and any(packed.head for packed in pack.places)]
        self.streams = list[list[Cells]]()  # one for each ASK
        for cells in self.transcript.said(Cells):
            assert isinstance(cells, Cells)
            self.streams += [[cells]] if cells.first == 0 else []
            if cells.first:
                self.streams[-1].append(cells)

    def final_heads(self) -> set[bytes]:
        """The greatest head of each place that the recorded daemon sent content of."""
        greatest: dict[bytes, Head] = {}
        for pack in self.unsent + self.pushed:
            for packed in pack.places:
                if packed.head and (packed.place not in greatest or packed.head.order() > greatest[packed.place].order()):
                    greatest[packed.place] = packed.head
        return {head.hash() for head in greatest.values()}

    async def play(self) -> None:
        """The whole session, until today's daemon has said that it holds everything."""
        wanted = self.final_heads()
        await self.authenticate()
        for welcome in self.transcript.said(Welcome):
            await self.channel.send(welcome)
        if self.transcript.role == DIALLING:
            await self.channel.send(self.transcript.said(Ask)[0])
        last = "End" if self.transcript.role == DIALLING else "Receipt"
        while not wanted <= self.receipts or last not in self.heard:
            await self.answer(read_frame(await self.channel.receive_octets()))
        await self.say_the_rest()

    async def until_heard(self, kind: str, times: int) -> None:
        while self.heard.count(kind) < times:
            await self.answer(read_frame(await self.channel.receive_octets()))

    async def say_the_rest(self) -> None:
        """What needs no answer as it was, TWO_CHARTERS as after another reconciliation, WHERE again of today's daemon's own place; and the
        session goes on: it gives that place."""
        for frame in self.transcript.said(Receipt, Credit, TwoCharters, Scope, Where, Holders, Due):
            await self.channel.send(frame)
            if isinstance(frame, Where):
                await self.channel.send(Where((self.channel.remote,)))
                await self.until_heard("Holders", 1)
            if isinstance(frame, Due):
                await self.until_heard("Ask", 2)
        await self.channel.send(Want(1 << 31, ((self.channel.remote, bytes(20)),)))
        while not isinstance(frame := read_frame(await self.channel.receive_octets()), Pack) or frame.request != 1 << 31:
            await self.answer(frame)
        assert frame.places[0].head is not None
        for bye in self.transcript.said(Bye):
            await self.channel.send(bye)

    async def authenticate(self) -> None:
        (hello,), (auth,) = self.transcript.said(Hello), self.transcript.said(Auth)
        assert isinstance(auth, Auth)
        await self.channel.send(hello)
        theirs = await self.channel.receive_octets()
        hellos = (hello.encoded(), theirs) if self.transcript.role == DIALLING else (theirs, hello.encoded())
        for invited in self.transcript.said(Invited):
            assert invited == invited_by(self.transcript.secret, *self.transcript.hellos())
            await self.channel.send(invited_by(self.secret, *hellos))
        signature = signed(self.transcript.seed, auth_message(self.transcript.role, *hellos))
        await self.channel.send(replace(auth, signature=signature))
        frame = await self.channel.receive()
        if isinstance(frame, Invited):
            assert frame == invited_by(self.transcript.secret, *hellos)
            self.shown, frame = frame, await self.channel.receive()
        assert isinstance(frame, Auth), frame
        self.channel.remote = frame.bundle.heads[0].place

    async def answer(self, frame: Frame) -> None:
        self.heard.append(type(frame).__name__)
        self.frames.append(frame)
        match frame:
            case Bye(code, text):
                raise Refused(code, text)
            case Ask():
                await self.cells(0)
            case More(limit):
                await self.cells(limit)
            case Done() | All():
                await self.tell_all()
                await self.channel.send(End())
            case Cells(key):
                if "End" not in self.heard and self.heard.count("Cells") == 1:
                    await self.question(key)
            case End():
                await self.tell_all()
                await self.want()
            case Want():
                await self.give(frame)
            case Receipt(_, _, heads):
                self.receipts |= {made for _, made in heads}
                await self.push()

    async def cells(self, limit: int) -> None:
        """The very cells; those asked for beyond what was recorded never come, and ALL must do."""
        stream = self.streams[min(self.heard.count("Ask"), len(self.streams)) - 1]
        for cells in stream[:1] if limit == 0 else stream[1:]:
            await self.channel.send(cells)

    async def question(self, key: bytes) -> None:
        """Each kind of question that was recorded: MORE as it was, DONE under today's key, or ALL."""
        for more in self.transcript.said(More):
            await self.channel.send(more)
        for last in self.transcript.said(Done, All)[:1]:
            await self.channel.send(replace(last, key=key, symbols=()) if isinstance(last, Done) else last)

    async def tell_all(self) -> None:
        for frame in self.transcript.said(Heads, Evidence, TwoCharters):
            await self.channel.send(frame)

    async def want(self) -> None:
        """A WANT as recorded, of today's daemon's own place."""
        for want in self.transcript.said(Want)[:1]:
            assert isinstance(want, Want)
            await self.channel.send(replace(want, places=((self.channel.remote, bytes(20)),)))

    async def give(self, want: Want) -> None:
        """The recorded pack of one of the places; of the others, that they are not held, and later their heads again."""
        asked = {place for place, _ in want.places}
        for pack in self.unsent:
            places = {packed.place for packed in pack.places if packed.head}
            if places <= asked:
                others = tuple(Packed(place) for place in sorted(asked - places))
                await self.channel.send(replace(pack, request=want.request, places=pack.places + others))
                self.unsent.remove(pack)
                if others:
                    await self.tell_all()
                return
        await self.channel.send(Pack(want.request, FIRST | LAST, tuple(Packed(place) for place in sorted(asked)), b""))

    async def push(self) -> None:
        """What was pushed goes out once its base is held."""
        while self.pushed and self.held(self.pushed[0]):
            await self.channel.send(self.pushed.pop(0))

    def held(self, pack: Pack) -> bool:
        head = pack.places[0].head
        assert head is not None
        return head.previous in self.receipts
