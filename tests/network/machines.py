"""Machines on a network of our own: each is a network namespace, and the router that joins them is the test itself.

Nothing outside sees it, ports included, and the kernel takes it away when the test ends, however it ends. What the router
does to a machine it does to packets on their way, as a provider would: neither end is told.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import unittest
from collections.abc import Iterator
from pathlib import Path

PORT = 8420  # on every machine: its ports are its own

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of <sched.h>
_OURS = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)


def _unshare(what: int) -> bool:
    return bool(_libc.unshare(what) == 0)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _run(*line: str, given: str = "") -> str:
    """Why it could not; nothing when it did."""
    try:
        ended = subprocess.run(line, input=given, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        return f"{line[0]} (package iproute2) is not installed"
    return "" if ended.returncode == 0 else f"{' '.join(line)} {given}: {ended.stderr.strip()}"


def _become_root_of_our_own() -> str:
    """Makes this process root in a user namespace, or at least in a network namespace; why not, when neither is allowed."""
    user, group = os.getuid(), os.getgid()
    if _unshare(_NEW_USER | _NEW_NETWORK):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
        return ""
    return "" if _unshare(_NEW_NETWORK) else f"no network namespaces here: {os.strerror(ctypes.get_errno())}"


class Machine:
    """One machine, joined to the router by a line that is called `line` at this end."""

    def __init__(self, router: Router, number: int) -> None:
        self.router, self.number = router, number
        self.subnet, self.address = f"10.0.{number}.0/24", f"10.0.{number}.2"
        self.url = f"ws://{self.address}:{PORT}/peer"
        if not _unshare(_NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "unshare")
        self.namespace = os.open(_OURS, os.O_RDONLY)
        _enter(router.namespace)
        router.ip(f"link add dev to{number} type veth peer name line netns /proc/{os.getpid()}/fd/{self.namespace}")
        router.ip(f"addr add 10.0.{number}.1/24 dev to{number}", f"link set dev to{number} up")
        with self.inside():
            router.ip("link set dev lo up", f"addr add {self.address}/24 dev line", "link set dev line up", f"route add default via 10.0.{number}.1")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """What is started or connected within is on this machine, and stays there."""
        _enter(self.namespace)
        try:
            yield
        finally:
            _enter(self.router.namespace)

    def reaches(self, other: Machine) -> bool:
        """Whether a connection to the daemon there opens within half a second."""
        with self.inside(), contextlib.suppress(OSError):
            socket.create_connection((other.address, PORT), timeout=0.5).close()
            return True
        return False

    def line_is(self, state: str) -> None:
        """`up` or `down`: a cable pulled, at the router's end."""
        self.router.ip(f"link set dev to{self.number} {state}")

    def narrow(self, bits_per_second: int) -> None:
        """Its line carries so much each way and keeps 400 ms of what waits, as cheap modems do; skips where the kernel has no token bucket."""
        bucket = ("root", "tbf", "rate", f"{bits_per_second}bit", "burst", "4kb", "latency", "400ms")
        self._queue(*bucket)

    def loses(self, percent: int, milliseconds: int) -> None:
        """Its line loses packets and is slow, each way; skips where the kernel cannot."""
        self._queue("root", "netem", "delay", f"{milliseconds}ms", "loss", f"{percent}%")

    def widen(self) -> None:
        for end, where in ((f"to{self.number}", contextlib.nullcontext()), ("line", self.inside())):
            with where:
                _run("tc", "qdisc", "del", "dev", end, "root")

    def _queue(self, *discipline: str) -> None:
        for end, where in ((f"to{self.number}", contextlib.nullcontext()), ("line", self.inside())):
            with where:
                if why_not := _run("tc", "qdisc", "replace", "dev", end, *discipline):
                    raise unittest.SkipTest(f"no {discipline[1]} in this kernel: {why_not}")

    def retransmissions(self) -> int:
        """TCP segments that this machine sent again."""
        with self.inside():
            names, figures = [line.split() for line in Path("/proc/thread-self/net/snmp").read_text(encoding="ascii").splitlines() if line.startswith("Tcp:")]
        return int(figures[names.index("RetransSegs")])


class Router:
    """Joins machines, in a namespace of its own; skips the test, saying why, where that is not allowed."""

    _forbidden: str | None = None

    def __init__(self) -> None:
        if Router._forbidden is None:
            Router._forbidden = _become_root_of_our_own()
        if Router._forbidden:
            raise unittest.SkipTest(Router._forbidden)
        if not _unshare(_NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "unshare")
        self.namespace = os.open(_OURS, os.O_RDONLY)
        self.machines: list[Machine] = []
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
        if why_not := _run("ip", "link", "add", "dev", "try", "type", "veth", "peer", "name", "tried"):
            raise unittest.SkipTest(why_not)
        self.ip("link del dev try")

    def ip(self, *lines: str) -> None:
        if why_not := _run("ip", "-batch", "-", given="\n".join(lines) + "\n"):
            raise AssertionError(why_not)

    def machine(self) -> Machine:
        self.machines.append(Machine(self, len(self.machines) + 1))
        return self.machines[-1]

    def closes(self, machine: Machine) -> None:
        """Nobody opens a connection to it, as behind a provider's address translation; what it opens itself works."""
        self.ip(f"rule add to {machine.address} ipproto 6 dport {PORT} blackhole")

    def cable(self, one: Machine, other: Machine) -> None:
        """Joins two machines by a network of their own, beside the router: 10.9.0.1 and 10.9.0.2."""
        with one.inside():
            self.ip(f"link add dev near type veth peer name near netns /proc/{os.getpid()}/fd/{other.namespace}")
        for machine, address in ((one, "10.9.0.1"), (other, "10.9.0.2")):
            with machine.inside():
                self.ip(f"addr add {address}/24 dev near", "link set dev near up")

    def parts(self, some: list[Machine], others: list[Machine]) -> None:
        """Packets from one half to the other are lost, both ways."""
        self._between("add", some, others)

    def heals(self, some: list[Machine], others: list[Machine]) -> None:
        self._between("del", some, others)

    def _between(self, verb: str, some: list[Machine], others: list[Machine]) -> None:
        pairs = [(one.subnet, other.subnet) for one in some for other in others]
        self.ip(*(f"rule {verb} from {here} to {there} blackhole" for pair in pairs for here, there in (pair, pair[::-1])))

    def close(self) -> None:
        for machine in self.machines:
            os.close(machine.namespace)
        os.close(self.namespace)
