"""Real daemons for the tests of this folder: made by `init`, served on free ports, killed at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

BINARY = os.environ.get("MAILLAGE_BINARY", str(Path(__file__).parents[2] / "build/dev/maillage"))
PATIENCE_SECONDS = 30


class Daemon:
    """One data folder and, between `serve` and `stop` or `kill`, the process that runs on it."""

    listen = "127.0.0.1:0"
    environment: dict[str, str] | None = None  # of the process; ours when None

    def __init__(self, parent: Path, name: str, *options: str) -> None:
        self.dir, self.site = parent / name, parent / f"{name}-site"
        self.site.mkdir()
        self.child: subprocess.Popen[str] | None = None
        self.address = ""
        self.place = bytes.fromhex(self.command("init", "--name", name, *options)["place"])

    def command(self, verb: str, *arguments: str) -> dict[str, Any]:
        line = [BINARY, verb, "--dir", str(self.dir), "--json", *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        ended = subprocess.run(line, cwd=self.site, capture_output=True, text=True, env=environment, timeout=60, check=False)
        if ended.returncode:
            raise AssertionError(f"maillage {verb}: {ended.stdout}{ended.stderr}")
        found: dict[str, Any] = json.loads(ended.stdout or "{}")
        return found

    def serve(self, *peers: str) -> str:
        """Starts it; the address of its /peer."""
        line = [BINARY, "serve", "--dir", str(self.dir), "--json", "--listen", self.listen]
        for peer in peers:
            line += ["--peer", peer]
        with (self.dir.parent / f"{self.dir.name}.log").open("a") as log:
            self.child = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment)
        assert self.child.stdout is not None
        self.address = json.loads(self.child.stdout.readline())["address"]
        return f"ws://{self.address}/peer"

    def follow(self, *scopes: str) -> None:
        """Whose content it keeps, from now on when it runs."""
        (self.dir / "config.toml").write_text(f"scope = {json.dumps(scopes)}\n")
        if self.child is not None:
            self.child.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        self.end(signal.SIGTERM)

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals) -> None:
        if self.child is not None:
            self.child.send_signal(how)
            self.child.wait(PATIENCE_SECONDS)
            assert self.child.stdout is not None
            self.child.stdout.close()
            self.child = None

    def publish(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.site / path).parent.mkdir(parents=True, exist_ok=True)
            (self.site / path).write_text(text)
        self.command("publish", *files)

    def ask(self, target: str) -> dict[str, Any]:
        """GET /api/v1/TARGET."""
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{target}", timeout=PATIENCE_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def has_object(self, name: bytes) -> bool:
        """Whether its store has this object of git, reachable or not."""
        line = ["git", "-C", str(self.dir / "store.git"), "cat-file", "-e", name.hex()]
        return subprocess.run(line, timeout=60, capture_output=True, check=False).returncode == 0

    def log(self) -> str:
        return (self.dir.parent / f"{self.dir.name}.log").read_text()

    def cloned(self, place: bytes, into: Path) -> dict[str, bytes]:
        """The files of a place as stock git gets them from this daemon."""
        url = f"http://{self.address}/git/{place.hex()}"
        environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        subprocess.run(["git", "clone", "-q", url, str(into)], check=True, timeout=60, env=environment)
        files = [file for file in into.rglob("*") if file.is_file() and ".git" not in file.relative_to(into).parts]
        return {str(file.relative_to(into)): file.read_bytes() for file in files}


class Network:
    """Daemons in one temporary folder, all stopped on leaving."""

    def __enter__(self) -> Network:
        self.folder = tempfile.TemporaryDirectory(prefix="maillage-second-")
        self.path = Path(self.folder.name)
        self.daemons: list[Daemon] = []
        return self

    def daemon(self, name: str, *options: str) -> Daemon:
        self.daemons.append(Daemon(self.path, name, *options))
        return self.daemons[-1]

    def __exit__(self, *_: object) -> None:
        for daemon in self.daemons:
            daemon.stop()
        self.folder.cleanup()


def event(name: str) -> str:
    return json.dumps({"kind": "event", "name": name, "start": "2027-03-06T14:00:00"}, ensure_ascii=False) + "\n"


def resource(name: str) -> str:
    return json.dumps({"kind": "resource", "name": name, "type": "equipment", "licence": "CC-BY-SA-4.0"}) + "\n"


def eventually(holds: Any, what: str) -> None:
    """Asks a daemon again and again, each time over a fresh connection, until the answer is right."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
