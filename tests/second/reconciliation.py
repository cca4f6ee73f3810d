"""§8 Reconciliation, from either side: the dialling side conducts and decodes, the dialled side answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from . import sketch
from .channel import Channel
from .frame import CELLS_MAX, FRAME_MAX, HEADS_MAX, SYMBOLS_MAX, All, Ask, Bundle, Cells, Done, End, Frame, Heads, More
from .memory import Known, Memory
from .octets import Refused

Send = Callable[[Frame], Awaitable[None]]
Kind = TypeVar("Kind")
BEGINNINGS_MAX = 9  # a stream may begin again 8 times


def bundles(known: list[Known], bare: bool = False) -> list[Heads]:
    """Heads, as many in a frame as it may hold; with their charters, or `bare`: without those of which there is only a genesis."""
    made, size, pending = list[Heads](), 0, list[Known]()
    for one in known:
        weight = sum(len(charter.encoded()) for charter in one.chain) + 224
        if pending and (len(pending) == HEADS_MAX or size + weight > FRAME_MAX - 64):
            made.append(bundle(pending, bare))
            size, pending = 0, []
        pending.append(one)
        size += weight
    return made + ([bundle(pending, bare)] if pending else [])


def bundle(known: list[Known], bare: bool) -> Heads:
    charters = tuple(charter for one in known if not bare or one.seen.charter for charter in one.chain)
    return Heads(Bundle(charters, tuple(one.seen for one in known)))


@dataclass
class Dialling:
    """Our questions; the session puts CELLS and END in `answers`, and in `heard` each place that a head comes of."""

    memory: Memory
    send: Send
    answers: asyncio.Queue[Frame] = field(default_factory=asyncio.Queue)
    heard: set[bytes] = field(default_factory=set)
    symbols: dict[bytes, int] = field(default_factory=dict)
    newcomer_asks_all: bool = True  # else even a set that is mostly new is decoded
    cells_received: int = 0
    asked: int = 0  # the cells before this one are on their way

    async def run(self, estimate: tuple[int, ...] = ()) -> None:
        """`estimate`: of the other's set as it is now, when it told one."""
        before = set(self.memory.places)
        await self.send(Ask(len(before)))
        if estimate:
            ours = sketch.estimate_of(known.element() for known in self.memory.places.values())
            apart = sketch.apart(estimate, ours)
            if 3 <= apart <= len(before):
                self.asked = 5 + int(2 * apart)
                await self.send(More(self.asked))
        difference = await self.decoded()
        if difference is None:
            await self.send(All())
            lacking = before
        else:
            await self.tell(difference)
            alone = set(difference.mine_alone)
            lacking = {place for place, symbol in self.symbols.items() if symbol in alone}
        await self.next(End)
        for frame in bundles([self.memory.places[place] for place in sorted(lacking - self.heard)]):
            await self.send(frame)

    async def decoded(self) -> sketch.Difference | None:
        """The difference, or None where asking for all heads is the better question."""
        difference, size = None, 0
        for _ in range(BEGINNINGS_MAX * 64):
            cells = await self.next(Cells)
            if difference is None or cells.first == 0:
                elements = {place: known.element() for place, known in self.memory.places.items()}
                self.symbols = {place: sketch.symbol_of(cells.key, element) for place, element in elements.items()}
                difference, size = sketch.Difference(cells.key, list(self.symbols.values())), cells.size
                if self.newcomer_asks_all and size - len(elements) > size // 2:
                    return None
            if cells.key != difference.key or cells.size != size or cells.first != len(difference.cells):
                raise Refused("malformed", "CELLS that do not go on where they ended")
            difference.add(sketch.decode_cells(cells.cells, cells.first, size, CELLS_MAX))
            self.cells_received = len(difference.cells)
            if difference.complete():
                return difference
            if len(difference.cells) >= 64 + 3 * (size + len(self.symbols)):
                return None
            if len(difference.cells) >= self.asked:
                self.asked = len(difference.cells) * 3 // 2 + 4
                await self.send(More(self.asked))
        raise Refused("malformed", "a sketch without end")

    async def tell(self, difference: sketch.Difference) -> None:
        symbols = difference.theirs_alone
        parts = [symbols[at : at + SYMBOLS_MAX] for at in range(0, len(symbols), SYMBOLS_MAX)] or [[]]
        for part in parts:
            await self.send(Done(difference.key, part is parts[-1], tuple(part)))

    async def next(self, kind: type[Kind]) -> Kind:
        frame = await self.answers.get()
        while isinstance(frame, Cells) and not isinstance(frame, kind):
            frame = await self.answers.get()  # on their way when we had enough
        if not isinstance(frame, kind):
            raise Refused("unexpected-frame", f"{type(frame).__name__} where {kind.__name__} is due")
        return frame


@dataclass
class Dialled:
    """Our answers; the set is that at the moment of ASK."""

    memory: Memory
    channel: Channel
    key: bytes = field(default_factory=lambda: os.urandom(16))

    def __post_init__(self) -> None:
        self.send = self.channel.send
        self.symbols: dict[int, bytes] = {}
        self.asker_heads = 0
        self.sent = 0
        self.wanted: list[int] = []

    async def answer(self, frame: Frame) -> None:
        if isinstance(frame, Ask):
            elements = {place: known.element() for place, known in self.memory.places.items()}
            self.symbols = {sketch.symbol_of(self.key, element): place for place, element in elements.items()}
            apart, self.sent, self.asker_heads = abs(frame.heads - len(elements)), 0, frame.heads
            await self.cells(8 + (2 * apart if 2 * apart <= len(elements) else 0))
        elif isinstance(frame, More):
            await self.cells(frame.limit)
        elif isinstance(frame, Done):
            self.wanted += frame.symbols
            if len(self.wanted) > len(self.symbols):
                raise Refused("too-many", "symbols")
            if frame.last:
                places = [self.symbols[symbol] for symbol in self.wanted if symbol in self.symbols]
                unknown = max(0, len(self.memory.places) - self.asker_heads)
                await self.heads(places, bare=self.channel.remote_asks and 3 * unknown <= len(places))
        elif isinstance(frame, All):
            await self.heads(list(self.memory.places))

    async def cells(self, limit: int) -> None:
        made = sketch.cells_of(self.key, list(self.symbols), min(limit, sketch.INDEX_MAX))
        while self.sent < len(made):
            run = made[self.sent : self.sent + CELLS_MAX]
            octets = sketch.encode_cells(run, self.sent, len(self.symbols))
            await self.send(Cells(self.key, len(self.symbols), self.sent, octets))
            self.sent += len(run)

    async def heads(self, places: list[bytes], bare: bool = False) -> None:
        self.wanted = []
        for frame in bundles([self.memory.places[place] for place in places], bare):
            await self.send(frame)
        await self.send(End())
