"""§5 Sketch: the difference of two sets, at a cost that follows the difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from math import log

from nacl.encoding import RawEncoder
from nacl.hash import siphash24

from .octets import Reader, Refused, u32, u64, unzigzag, varint, zigzag

INDEX_MAX = 1 << 20
WORD = (1 << 64) - 1


def siphash(key: bytes, message: bytes) -> int:
    return int.from_bytes(siphash24(message, key, RawEncoder), "little")


def symbol_of(key: bytes, element: bytes) -> int:
    return siphash(key, element)


def check_of(key: bytes, symbol: int) -> int:
    return siphash(key, u64(symbol)) % (1 << 32)


def indices(symbol: int) -> Iterator[int]:
    """The cells that a symbol is mapped to, ascending from 0."""
    s, i = symbol, 0
    while i < INDEX_MAX:
        yield i
        s = (s + 0x9E3779B97F4A7C15) & WORD
        z = s
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & WORD
        z = (z ^ z >> 27) * 0x94D049BB133111EB & WORD
        z = z ^ z >> 31
        r = max(z >> 32, z % (1 << 32)) + 1
        w = 2 * i + 3
        i += max(1, (-(-(w << 32) // r) - w + 1) // 2)


@dataclass
class Cell:
    sum: int = 0
    check: int = 0
    count: int = 0

    def take(self, symbol: int, check: int, times: int) -> None:
        self.sum ^= symbol
        self.check ^= check
        self.count += times

    def empty(self) -> bool:
        return self.sum == self.check == self.count == 0


def cells_of(key: bytes, symbols: list[int], limit: int) -> list[Cell]:
    """The first `limit` cells of a set."""
    cells = [Cell() for _ in range(limit)]
    for symbol in symbols:
        check = check_of(key, symbol)
        for i in indices(symbol):
            if i >= limit:
                break
            cells[i].take(symbol, check, 1)
    return cells


def estimate_of(elements: Iterable[bytes]) -> tuple[int, ...]:
    """The parities that HELLO tells: 64 bits a level, without the levels at the end that are zero."""
    levels = [0] * 20
    for element in elements:
        first = int.from_bytes(element[:4], "big")
        levels[min(32 - first.bit_length(), 19)] ^= 1 << element[4] % 64
    while levels and levels[-1] == 0:
        levels.pop()
    return tuple(levels)


def apart(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """About how many elements two sets do not share: from the first level that is not too full, and what is below it."""
    both = [a ^ b for a, b in zip_longest(one, other, fillvalue=0)]
    odd = [level.bit_count() for level in both]
    first = next((i for i in range(len(odd)) if max(odd[i:]) <= 20), len(odd))
    counted = sum(-32 * log(1 - bits / 32) for bits in odd[first:])
    return counted * (1 << first)


def encode_cells(cells: list[Cell], first: int, size: int) -> bytes:
    out = bytearray()
    for i, cell in enumerate(cells, first):
        out += u64(cell.sum) + u32(cell.check) + varint(zigzag(cell.count - 2 * size // (i + 2)))
    return bytes(out)


def decode_cells(octets: bytes, first: int, size: int, most: int) -> list[Cell]:
    reader, cells = Reader(octets), list[Cell]()
    while reader.left():
        total, check = reader.u64(), reader.u32()
        count = unzigzag(reader.varint()) + 2 * size // (first + len(cells) + 2)
        if not 0 <= count <= size or len(cells) == most:
            raise Refused("malformed", "a cell's count, or too many cells")
        cells.append(Cell(total, check, count))
    return cells


@dataclass
class Difference:
    """The dialling side's decoding: cells of the other set come in, the symbols of one side alone come out."""

    key: bytes
    mine: list[int]
    theirs_alone: list[int] = field(default_factory=list)
    mine_alone: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells: list[Cell] = []
        self.own = [(symbol, check_of(self.key, symbol)) for symbol in self.mine]
        self.found: dict[int, tuple[int, int]] = {}  # symbol -> check, side

    def add(self, more: list[Cell]) -> None:
        """Takes the next cells and decodes as far as they allow."""
        first = len(self.cells)
        self.cells += more
        for symbol, check in self.own:
            self.spread(symbol, check, -1, first)
        for symbol, (check, side) in list(self.found.items()):
            self.spread(symbol, check, -side, first)
        queue = list(range(first, len(self.cells)))
        while queue:
            queue += self.peel(queue.pop())

    def spread(self, symbol: int, check: int, times: int, first: int) -> list[int]:
        touched = []
        for i in indices(symbol):
            if i >= len(self.cells):
                break
            if i >= first:
                self.cells[i].take(symbol, check, times)
                touched.append(i)
        return touched

    def peel(self, i: int) -> list[int]:
        """Takes out the symbol of a pure cell; the cells that this has touched."""
        cell = self.cells[i]
        if cell.count not in (1, -1) or check_of(self.key, cell.sum) != cell.check:
            return []
        symbol, side = cell.sum, cell.count
        if symbol in self.found or len(self.found) >= len(self.cells):
            raise Refused("malformed", "a sketch that contradicts itself")
        self.found[symbol] = (cell.check, side)
        (self.theirs_alone if side == 1 else self.mine_alone).append(symbol)
        return self.spread(symbol, cell.check, -side, 0)

    def complete(self) -> bool:
        return bool(self.cells) and all(cell.empty() for cell in self.cells)
