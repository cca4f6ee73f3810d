"""§1 Notation: big-endian integers, varints and zigzag, read with every bound checked."""

from __future__ import annotations

import hashlib


class Refused(Exception):
    """What the other side sent is not what PROTOCOL.md allows; `code` is the BYE code that says so (§6)."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.text = text


def sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def u8(value: int) -> bytes:
    return value.to_bytes(1, "big")


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def i64(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> int:
    return 2 * value if value >= 0 else -2 * value - 1


def unzigzag(value: int) -> int:
    return value // 2 if value % 2 == 0 else -(value + 1) // 2


def text8(value: str, limit: int) -> bytes:
    """§6: a length in one byte, at most `limit`, and so many bytes of UTF-8."""
    octets = value.encode()
    assert len(octets) <= limit
    return u8(len(octets)) + octets


class Reader:
    """Takes fields off the front of `octets`; refuses as `truncated` what is not there."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0

    def left(self) -> int:
        return len(self.octets) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left():
            raise Refused("truncated", f"{count} bytes wanted at {self.at}, {self.left()} are left")
        self.at += count
        return self.octets[self.at - count : self.at]

    def rest(self) -> bytes:
        return self.take(self.left())

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def i64(self) -> int:
        return int.from_bytes(self.take(8), "big", signed=True)

    def varint(self) -> int:
        value = shift = 0
        while True:
            octet = self.u8()
            if octet == 0 and shift:
                raise Refused("malformed", "a varint that is longer than it need be")
            value |= (octet & 0x7F) << shift
            if value >= 1 << 64:
                raise Refused("malformed", "a varint of more than 64 bits")
            if octet < 0x80:
                return value
            shift += 7

    def text8(self, limit: int) -> str:
        length = self.u8()
        if length > limit:
            raise Refused("malformed", f"a text of {length} bytes where {limit} are the most")
        return self.take(length).decode(errors="replace")

    def count(self, size: int, least: int, most: int) -> int:
        """A `u8` (`size` 1) or `u16` (2) count, checked against its limits before what it counts is read."""
        value = int.from_bytes(self.take(size), "big")
        if not least <= value <= most:
            raise Refused("too-many" if value > most else "malformed", f"a count of {value}, not {least} to {most}")
        return value

    def end(self) -> None:
        if self.left():
            raise Refused("trailing-bytes", f"{self.left()} bytes are left over")
