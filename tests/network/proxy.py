"""A line between two daemons, as a TCP proxy on a free port: late, lossy, narrow, in crumbs, or broken where a test says.

What is lost under TCP comes late above it, and keeps what is behind it waiting: so the proxy does. It needs no namespaces.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from dataclasses import dataclass

RETRANSMISSION_SECONDS = 0.2  # the least that Linux waits before it sends again what was lost
CRUMBS_WAITING = 1_024


@dataclass(frozen=True)
class Line:
    """What becomes of bytes, in each direction. `fault` befalls the first connection alone: once `after` bytes came from the dialled side."""

    delay_seconds: float = 0
    lost_percent: float = 0
    bytes_per_second: float = float("inf")
    crumb_bytes: int = 65_536
    fault: str = ""  # cut: both ends; reset; half-close, half-close-back: what the dialling, the dialled side reads; stall: nothing passes until `resume`
    after: int = 0

Ends = tuple[asyncio.StreamWriter, asyncio.StreamWriter]  # what goes to the dialling side, to the dialled one


class Proxy:
    """Listens from its making to `close`, in a thread of its own; all it does by chance is the same each time."""

    def __init__(self, target: str, line: Line) -> None:
        self.target, self.line = target, line
        self.connections = 0
        self.url = ""
        self._ended: set[asyncio.StreamWriter] = set()
        self._chance = random.Random(5)
        self._loop = asyncio.new_event_loop()
        self._ready, self._flows, self._over = threading.Event(), asyncio.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._listen()])
        self._thread.start()
        self._ready.wait()

    def resume(self) -> None:
        self._loop.call_soon_threadsafe(self._flows.set)

    def stalled(self) -> bool:
        return not self._flows.is_set()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._flows.set()
        carrying: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(lambda *ends: carrying.add(asyncio.create_task(self._connect(*ends))), "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.url = f"ws://{host}:{port}/peer"
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _connect(self, from_dialling: asyncio.StreamReader, to_dialling: asyncio.StreamWriter) -> None:
        self.connections += 1
        fault = self.line.fault if self.connections == 1 else ""
        try:
            from_dialled, to_dialled = await asyncio.open_connection(*self.target.rsplit(":", 1))
            ends = to_dialling, to_dialled
            try:
                await asyncio.gather(self._carry(from_dialled, to_dialling, fault, ends), self._carry(from_dialling, to_dialled, "", ends))
            finally:
                to_dialled.close()
        except ConnectionError:
            pass
        finally:
            to_dialling.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, fault: str, ends: Ends) -> None:
        crumbs: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CRUMBS_WAITING)
        sink.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(self._take(source, crumbs), self._give(crumbs, sink, fault, ends))

    async def _take(self, source: asyncio.StreamReader, crumbs: asyncio.Queue[tuple[float, bytes]]) -> None:
        """Each crumb with its time; no byte overtakes another."""
        due = 0.0
        octets = b"all but the end"
        while octets:
            octets = await source.read(65_536)
            line = self.line
            for begin in range(0, max(len(octets), 1), line.crumb_bytes):
                crumb = octets[begin : begin + line.crumb_bytes]
                late = RETRANSMISSION_SECONDS + 2 * line.delay_seconds if self._chance.random() * 100 < line.lost_percent else 0
                due = max(due, self._loop.time() + line.delay_seconds + late) + len(crumb) / line.bytes_per_second
                await crumbs.put((due, crumb))

    async def _give(self, crumbs: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter, fault: str, ends: Ends) -> None:
        left = self.line.after
        while True:
            due, crumb = await crumbs.get()
            await self._until(due)
            await self._flows.wait()
            if not crumb:
                return self._end(sink)
            if fault and len(crumb) > left:
                sink.write(crumb[:left])
                crumb = crumb[left:]
                self._befall(fault, *ends)
                fault = ""
                await self._flows.wait()
            left -= len(crumb)
            if sink not in self._ended:
                sink.write(crumb)
                await sink.drain()

    async def _until(self, due: float) -> None:
        if due > self._loop.time():
            reached = asyncio.Event()
            self._loop.call_at(due, reached.set)
            await reached.wait()

    def _end(self, sink: asyncio.StreamWriter) -> None:
        self._ended.add(sink)
        with contextlib.suppress(OSError):
            sink.write_eof()

    def _befall(self, fault: str, to_dialling: asyncio.StreamWriter, to_dialled: asyncio.StreamWriter) -> None:
        if fault == "stall":
            self._flows.clear()
        elif fault == "half-close":
            self._end(to_dialling)
        elif fault == "half-close-back":
            self._end(to_dialled)
        else:
            for end in to_dialling, to_dialled:
                if fault == "reset":
                    end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.transport.abort()
                end.close()
