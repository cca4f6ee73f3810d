"""Places whose daemons run on machines of ours, or beside a line that fails; and what two of them must have in common."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import unittest
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.second.daemons import Daemon, event

from .machines import PORT, Machine, Router

PATIENCE_SECONDS = 30


def eventually(holds: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> float:
    """Looks again and again; how long it took."""
    begin = time.monotonic()
    while not holds():
        assert time.monotonic() - begin < seconds, f"not within {seconds} s: {what}"
        threading.Event().wait(0.02)
    return time.monotonic() - begin


class Place(Daemon):
    """A place, and its daemon when it runs."""

    def __init__(self, parent: Path, name: str, machine: Machine | None = None) -> None:
        super().__init__(parent, name)
        self.name, self.machine = name, machine
        if machine:
            self.listen = f"0.0.0.0:{PORT}"

    def here(self) -> AbstractContextManager[None]:
        return self.machine.inside() if self.machine else contextlib.nullcontext()

    def serve(self, *peers: str) -> str:
        with self.here():
            url = super().serve(*peers)
        self.address = self.address.replace("0.0.0.0", "127.0.0.1")
        return self.machine.url if self.machine else url

    def ask(self, target: str) -> dict[str, Any]:
        with self.here():
            return super().ask(target)

    def tells(self, name: str) -> None:
        """Publishes an event of this name."""
        self.publish({f"events/{name}.json": event(name)})

    def tells_much(self, octets: int) -> None:
        """Publishes a file that cannot be made smaller."""
        (self.site / "resources/photo").mkdir(parents=True)
        (self.site / "resources/photo/photo.jpg").write_bytes(os.urandom(octets))
        record = '{"kind": "resource", "name": "photo", "type": "equipment", "licence": "CC-BY-SA-4.0"}'
        (self.site / "resources/photo/record.json").write_text(record, encoding="utf-8")
        self.command("publish", "resources/photo/record.json", "resources/photo/photo.jpg")

    def knows(self, *names: str) -> bool:
        """Whether these are among the records that it answers with."""
        found = {item["name"] for kind in ("events", "resources", "places") for item in self.ask(f"{kind}?limit=1000")["items"]}
        return found >= set(names)

    def heads(self) -> dict[str, str]:
        """The head that it holds of each place."""
        places = [item["id"] for item in self.ask("places?limit=1000")["items"]]
        return {place: self.ask(f"places/{place}")["head"]["hash"] for place in places}

    def sessions(self) -> int:
        return int(self.ask("status")["sessions"])

    def received(self) -> int:
        """Bytes that came from peers since it started."""
        with self.here(), urllib.request.urlopen(f"http://{self.address}/metrics", timeout=PATIENCE_SECONDS) as answer:
            found = re.search(r'maillage_sync_bytes_total\{direction="in"\} ([0-9.e+]+)', answer.read().decode())
        return int(float(found[1])) if found else 0

    def opened(self) -> int:
        """Sessions that opened since the first start."""
        return self.log().count("event=peer.open ")


class Case(unittest.TestCase):
    """A temporary folder, and daemons that end with the test, in whatever state it leaves them."""

    def setUp(self) -> None:
        self.path = Path(self.enterContext(TemporaryDirectory(prefix="maillage-network-")))

    def place(self, name: str, machine: Machine | None = None) -> Place:
        made = Place(self.path, name, machine)
        self.addCleanup(made.kill)
        return made

    def agree(self, *places: Place, count: int | None = None) -> None:
        """All hold the same heads of as many places, and what each has is sound."""

        def same() -> bool:
            heads = [place.heads() for place in places]
            return len(heads[0]) == (count or len(places)) and all(found == heads[0] for found in heads)

        eventually(same, "the same heads")
        for place in places:
            place.command("verify")

    def stop(self, *places: Place) -> None:
        for place in places:
            place.stop()


class NetworkCase(Case):
    """Each place on a machine of its own."""

    def setUp(self) -> None:
        self.router = Router()
        self.addCleanup(self.router.close)
        super().setUp()

    def settled(self, name: str) -> Place:
        return self.place(name, self.router.machine())
