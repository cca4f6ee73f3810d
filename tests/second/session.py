"""§8: a whole session after both AUTHs: heads, content, credit, receipts, and the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from websockets.legacy.server import serve

from .author import Author, now
from .channel import DIALLED, DIALLING, Channel, Ended, dialled
from .charter import of_places
from .frame import (
    FAILED, FIRST, FRAME_MAX, LAST, WANT_MAX, All, Ask, Auth, Bundle, Cells, Charters, Credit, Done, Due, End, Evidence, Frame, Heads,
    Hello, More, Pack, Packed, Receipt, Want,
)
from .head import Head
from .invitation import Invited, Welcome, invited_by
from .memory import NOTHING, Known, Memory
from .octets import Refused
from .pack import Object, read_pack, write_pack
from .reconciliation import Dialled, Dialling, bundles
from .scope import Holders, Where

PART_MAX, CREDIT_MAX = 128 * 1024, 1 << 20
BROKEN_CODES = ("bad-pack", "stowaway", "too-large", "too-many", "trailing-bytes", "truncated")  # of a pack of one place: the sender's fault


@dataclass
class Answer:
    """The parts of a pack that was asked for."""

    asked: set[bytes]
    places: tuple[Packed, ...] | None = None
    octets: bytearray = field(default_factory=bytearray)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    failed: bool = False


class Session:
    """Runs until either side ends it; `until` waits for something to become true meanwhile."""

    def __init__(self, channel: Channel, author: Author, memory: Memory) -> None:
        self.channel, self.author, self.memory = channel, author, memory
        self.asking = Dialling(memory, channel.send)
        self.answering = Dialled(memory, channel)
        self.answers: dict[int, Answer] = {}
        self.requests = self.unacknowledged = self.reconciled = self.pushed = 0
        self.receipts: list[Receipt] = []
        self.served: set[bytes] = set()  # places whose content the peer has been given
        self.lacking: set[bytes] = set()  # places whose charters the peer has been asked for
        self.unheld: set[bytes] = set()  # the peer said that it does not hold them
        self.changed, self.questioning = asyncio.Condition(), asyncio.Lock()
        self.ended: Exception | None = None
        self.fault: Refused | None = None  # what one of our tasks is refusing
        self.tasks: list[asyncio.Task[None]] = []
        self.running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Reads frames until the end, which `ended` then tells."""
        try:
            self.spawn(self.fetch_always)
            if self.channel.role == DIALLING:
                self.spawn(self.reconcile)
            while self.ended is None:
                frame = await self.channel.receive()
                with contextlib.suppress(Ended):  # no answer can be sent any more; what was received before may say why
                    await self.take(frame)
                await self.tell_change()
        except Refused as refused:
            self.ended = self.ended or refused
            await self.channel.refuse(refused)
        except Ended as ended:
            self.ended = self.ended or self.fault or ended
        finally:
            for task in self.tasks:
                task.cancel()
            await self.channel.close()
            await self.tell_change()

    def spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        async def watched() -> None:
            try:
                await work()
            except Refused as refused:
                self.fault = self.fault or refused  # not `ended` yet, upon which this task is cancelled
                await self.channel.refuse(refused)
                self.ended = self.ended or refused
            except Ended:
                pass  # `run` reads to the end, and finds the BYE there
            except Exception as error:  # a fault of our own: whoever waits is told
                self.ended = self.ended or error
                await self.tell_change()
                raise

        self.tasks.append(asyncio.create_task(watched()))

    async def tell_change(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        """Waits for `holds`; raises what ended the session before, or TimeoutError."""

        held = False

        def settled() -> bool:
            nonlocal held
            held = holds()  # it need not hold any more when this task goes on
            return held or self.ended is not None

        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(settled), seconds)
        if not held:
            assert self.ended is not None
            raise self.ended

    async def take(self, frame: Frame) -> None:
        match frame:
            case Hello() | Auth() | Invited():
                raise Refused("unexpected-frame", "after the handshake")
            case Cells() | End():
                await self.asking.answers.put(frame)
            case Ask() | More() | Done() | All():
                await self.answering.answer(frame)
            case Due():
                self.spawn(self.reconcile)
            case Heads(bundle):
                await self.learn(bundle)
            case Charters(places):
                for told in bundles([self.memory.places[place] for place in places if place in self.memory.places]):
                    await self.channel.send(told)
            case Want():
                self.spawn(partial(self.serve, frame))
            case Pack():
                await self.take_pack(frame)
            case Credit(taken):
                self.unacknowledged = max(0, self.unacknowledged - taken)
            case Evidence(charters, one, other):
                if not one.conflicts(other):
                    raise Refused("malformed", "evidence of nothing")
                await self.learn(Bundle(charters, (one, other)))
            case Receipt():
                self.keep_receipt(frame)
            case Where(places):
                held = [place for place in places if place in self.memory.places and self.memory.places[place].held]
                if held:
                    await self.channel.send(Holders(((self.author.place, ""),), tuple((place, (0,)) for place in held)))

    async def learn(self, bundle: Bundle) -> None:
        """§8 "Receiving a head": who sends an older one is told ours, and is asked for charters that we lack."""
        given, lacking = of_places(list(bundle.charters)), set[bytes]()
        self.lacking -= set(given)
        for head, verdict in self.memory.take_bundle(bundle.charters, bundle.heads):
            self.asking.heard.add(head.place)
            self.unheld.discard(head.place)  # told again: its content may be there now
            if verdict == "older":
                known = self.memory.places[head.place]
                await self.channel.send(Heads(Bundle(tuple(known.chain), (known.seen,))))
            elif verdict == "passed over" and head.place not in given:
                lacking.add(head.place)
        if lacking and self.channel.remote_asks:
            self.lacking |= lacking
            await self.channel.send(Charters(tuple(sorted(lacking))))

    async def reconcile(self) -> None:
        async with self.questioning:  # DUE may come while we ask
            self.asking.heard.clear()
            self.asking.asked = 0
            estimate, self.channel.remote_estimate = self.channel.remote_estimate, ()  # of the first moment only
            await self.asking.run(estimate)
        self.reconciled += 1
        await self.tell_change()

    # Content that we ask for.

    async def fetch_always(self) -> None:
        """One WANT at a time, for as long as something is missing."""
        while True:
            await self.until(lambda: bool(set(self.memory.missing()) - self.unheld), seconds=1e9)
            await self.fetch(sorted(set(self.memory.missing()) - self.unheld)[:WANT_MAX])

    async def fetch(self, places: list[bytes]) -> None:
        """What a WANT brings; when it is not what its heads sign, again place by place."""
        self.requests += 1
        answer = self.answers[self.requests] = Answer(set(places))
        await self.channel.send(Want(self.requests, tuple((place, self.memory.has(place)) for place in places)))
        await answer.done.wait()
        try:
            if answer.failed:
                raise Refused("missing-object", "the sender could not go on")
            await self.take_content(answer.places or (), bytes(answer.octets))
        except Refused as refused:
            if len(places) == 1 and refused.code in BROKEN_CODES:
                raise
            if len(places) == 1:
                self.memory.refused[places[0]] = (self.memory.places[places[0]].seen.hash(), refused)
            else:
                for place in places:
                    await self.fetch([place])
        await self.tell_change()

    async def take_pack(self, pack: Pack) -> None:
        if pack.request == 0:
            return await self.take_pushed(pack)
        answer = self.answers.get(pack.request)
        if answer is None or answer.done.is_set() or (answer.places is None) != bool(pack.flags & FIRST):
            raise Refused("unexpected-frame", "a part of a pack that was not asked for")
        if len(pack.octets) > PART_MAX:
            raise Refused("too-large", "a part of a pack")
        if pack.flags & FIRST:
            answer.places = pack.places
            if {packed.place for packed in pack.places} - answer.asked:
                raise Refused("malformed", "a place that was not asked for")
            self.unheld |= {packed.place for packed in pack.places if not packed.head}  # before the next frame tells it again
        answer.octets += pack.octets
        if pack.octets:
            await self.channel.send(Credit(len(pack.octets)))
        answer.failed = bool(pack.flags & FAILED)
        if pack.flags & (LAST | FAILED):
            answer.done.set()

    async def take_pushed(self, pack: Pack) -> None:
        """A head with its content: taken in where we hold exactly its base, else just a head."""
        if pack.flags != FIRST | LAST or len(pack.places) != 1 or pack.places[0].head is None:
            raise Refused("malformed", "a pushed pack has one part and one place")
        (packed,), head = pack.places, pack.places[0].head
        await self.learn(Bundle((), (head,)))
        known = self.memory.places.get(packed.place)
        if known and known.seen == packed.head and known.held != packed.head and self.memory.has(packed.place) == packed.base:
            with contextlib.suppress(Refused):  # then it is asked for
                await self.take_content(pack.places, pack.octets)
                self.pushed += 1

    async def take_content(self, places: tuple[Packed, ...], octets: bytes) -> None:
        """Checks a pack against its heads, keeps it, and says so with one receipt."""
        heads = [packed.head for packed in places if packed.head]
        for head in heads:
            self.memory.take(head, [])
        objects: dict[bytes, Object] = read_pack(octets, self.memory.objects.held.get) if octets or heads else {}
        if self.memory.stowaways(heads, objects):
            raise Refused("stowaway", "it holds what its heads do not reach")
        for head in heads:
            self.memory.hold(head, objects)
        if heads:
            named = tuple(sorted((head.place, head.hash()) for head in heads))
            await self.channel.send(Receipt(self.author.place, now(), named).signed_by(self.author.daemon))

    # Content that we are asked for.

    async def serve(self, want: Want) -> None:
        """§8 "Content": the first part names the places; at most 1 MiB waits for CREDIT."""
        places, objects = list[Packed](), dict[bytes, Object]()
        for place, commit in want.places:
            known = self.memory.places.get(place)
            if known is None or known.held is None:
                places.append(Packed(place))
                continue
            base, content = self.content(known.held, commit)
            places.append(Packed(place, known.held, base))
            objects |= content
        octets = self.packed(objects)
        parts = [octets[at : at + PART_MAX] for at in range(0, len(octets), PART_MAX)] or [b""]
        for i, part in enumerate(parts):
            await self.until(lambda: self.unacknowledged + len(part) <= CREDIT_MAX, seconds=60)
            self.unacknowledged += len(part)
            flags = (FIRST if i == 0 else 0) | (LAST if i == len(parts) - 1 else 0)
            await self.channel.send(Pack(want.request, flags, tuple(places) if i == 0 else (), part))
        self.served |= {packed.place for packed in places if packed.head}
        await self.tell_change()

    def packed(self, objects: dict[bytes, Object]) -> bytes:
        return write_pack(objects.values())

    def content(self, head: Head, commit: bytes) -> tuple[bytes, dict[bytes, Object]]:
        """The base of a packed place, and its objects beyond: the asker's commit when that is an ancestor, else nothing."""
        base = commit if commit in self.memory.objects.ancestry(head.commit) else NOTHING
        return base, self.objects_since(head, base)

    def objects_since(self, head: Head, base: bytes) -> dict[bytes, Object]:
        objects = self.memory.objects
        there = objects.reached(base) if base != NOTHING else set()
        return {name: objects.held[name] for name in objects.reached(head.commit) - there}

    async def announce(self, known: Known, before: Head | None) -> None:
        """§8 "Live": our new head with its content, thin on the head before."""
        base = before.commit if before else NOTHING
        octets = write_pack(self.objects_since(known.seen, base).values())
        await self.channel.send(Pack(0, FIRST | LAST, (Packed(known.seen.place, known.seen, base),), octets))

    def receipted(self) -> set[bytes]:
        """The hashes of the heads whose content the other side has said to hold."""
        return {made for receipt in self.receipts for _, made in receipt.heads}

    def keep_receipt(self, receipt: Receipt) -> None:
        known = self.memory.places.get(receipt.replica)
        if known is None or not receipt.holds(known.chain[-1].daemon):
            return  # of a replica we do not know
        self.receipts.append(receipt)


class Peer:
    """One place of our own and what it knows; dials, and can be dialled."""

    def __init__(self, author: Author, speaks: type[Session] = Session) -> None:
        self.author, self.memory, self.speaks = author, Memory(), speaks
        self.sessions: list[Session] = []
        self.opening = asyncio.Event()
        self.scopes: tuple[str, ...] = ()  # that it says in each session; it takes in all the same
        self.secret = b""  # of the invitation that it shows
        self.invitations: set[bytes] = set()  # secrets that it gave, each as often as somebody comes by it
        self.adopt()

    def adopt(self, by: Author | None = None) -> Known:
        """What our author has published, or another, is what we hold."""
        by = by or self.author
        head = by.heads[-1]
        self.memory.objects.held |= by.objects.held
        known = self.memory.places[by.place] = Known(list(by.chain), head, head)
        return known

    async def publish(self, files: dict[str, bytes]) -> Head:
        before = self.author.heads[-1]
        self.author.publish(files)
        known = self.adopt()
        for session in self.sessions:
            if session.ended is None:
                await session.announce(known, before)
        return known.seen

    async def open(self, channel: Channel) -> Session:
        """Authenticates and leaves the session running."""
        session = self.speaks(channel, self.author, self.memory)
        channel.scopes, channel.secret = self.scopes, self.secret
        try:
            await channel.authenticate(self.author, self.memory)
            await self.welcome(channel)
            await self.settle_duplicates(session)
        except Refused as refused:
            await channel.refuse(refused)
            raise
        self.sessions.append(session)
        self.opening.set()
        session.running = asyncio.create_task(session.run())
        return session

    async def welcome(self, channel: Channel) -> None:
        """§7 "Invitations": what is shown is looked at once AUTH has told by whom."""
        if channel.invited is not None:
            given = channel.invited in (invited_by(secret, *channel.hellos) for secret in self.invitations)
            await channel.send(Welcome("" if given else "unknown-invitation"))

    async def settle_duplicates(self, newer: Session) -> None:
        """§7: in one direction the newer stays, in opposite directions the one that the smaller place id dialled."""
        for older in self.sessions:
            if older.ended is not None or older.channel.remote != newer.channel.remote:
                continue
            ours = self.author.place < newer.channel.remote
            stays = older.channel.role == newer.channel.role or (newer.channel.role == DIALLING) == ours
            refused = Refused("duplicate-session")
            if not stays:
                raise refused
            older.fault = refused
            await older.channel.refuse(refused)

    async def dial(self, url: str) -> Session:
        return await self.open(await dialled(url))

    async def opened(self, seconds: float = 30) -> Session:
        """The latest session, once there is one."""
        await asyncio.wait_for(self.opening.wait(), seconds)
        return self.sessions[-1]

    async def close(self) -> None:
        for session in self.sessions:
            await session.channel.close()
            if session.running is not None:
                await asyncio.wait([session.running])

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Serves /peer on a free port; gives the URL."""

        async def accept(socket: object) -> None:
            with contextlib.suppress(Refused, Ended, asyncio.CancelledError):
                session = await self.open(Channel(socket, DIALLED))
                assert session.running is not None
                await session.running

        async with serve(accept, "127.0.0.1", 0, compression=None, ping_interval=None, max_size=FRAME_MAX) as server:
            yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/peer"
