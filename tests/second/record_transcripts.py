"""Writes tests/transcripts anew from the daemon of today: /usr/bin/python3 -m tests.second.record_transcripts

Not for every day: what is kept there is what a daemon said once. Record under a new name when there is something new to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

from .author import Author
from .cases import PROFILE, author, settled
from .daemons import Daemon, Network, event, resource
from .frame import Charters, Evidence, More, read_frame
from .session import Peer, Session
from .transcript import Transcript


class OneByOne(Session):
    """Asks for one place at a time, so that each has a pack of its own."""

    async def fetch(self, places: list[bytes]) -> None:
        await super().fetch(places[:1])


def transcript(daemon: Daemon, session: Session, about: str) -> Transcript:
    seed = bytes.fromhex((daemon.dir / "keys" / "daemon.key").read_text())
    frames = [(not ours, octets) for ours, octets in session.channel.spoken]
    return Transcript(about, 1 - session.channel.role, seed, frames)


async def dialled(network: Network) -> None:
    """A daemon that is dialled: a newcomer asks for all, then hears a publication."""
    daemon = network.daemon("Konk", "--commune", "29039")
    daemon.publish({"events/2027-03/fete.json": event("Fête"), "resources/saw.json": resource("Scie")})
    (daemon.site / "list.toml").write_text('[source]\nname = "A list"\nlicence = "etalab-2.0"\nid = "N"\n[profile]\nname = "Name"\n')
    (daemon.site / "list.csv").write_text("N;Name\n1;Lune\n2;Soleil\n3;Terre\n")
    daemon.command("import", "--mapping", "list.toml", "list.csv")
    peer = Peer(author(), OneByOne)
    session = await peer.dial(daemon.serve())
    await session.until(lambda: settled(session) and bool(session.receipts))
    before = peer.memory.places[daemon.place].held
    await asyncio.to_thread(daemon.publish, {"events/2027-03/bal.json": event("Bal")})
    await session.until(lambda: peer.memory.places[daemon.place].held != before)
    transcript(daemon, session, dialled.__doc__ or "").write("dialled")
    await peer.close()


async def dialling(network: Network) -> None:
    """A daemon that dials, asks for all that a hub has, takes it in and gives its own place."""
    daemon, peer = network.daemon("Luz"), Peer(author(), OneByOne)
    daemon.publish({"events/2027-03/fete.json": event("Fête")})
    for n in range(3):
        peer.adopt(author({"events/bal.json": event(f"Bal {n}").encode()}))
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(peer.listening())
        await asyncio.to_thread(daemon.serve, url)
        session = await peer.opened()
        await session.until(lambda: len(session.receipted()) >= 4 and daemon.place not in peer.memory.missing())
        transcript(daemon, session, dialling.__doc__ or "").write("dialling")
        await peer.close()


async def catching_up(network: Network) -> None:
    """A daemon that dials again after others have published: the sketch says which."""
    daemon, authors = network.daemon("Retour"), [author({"events/bal.json": event(f"Bal {n}").encode()}) for n in range(10)]
    peer = Peer(author())

    def hold() -> None:
        for other in authors:
            peer.adopt(other)

    async def all_held() -> Session:
        peer.opening.clear()
        session = await peer.opened()
        wanted = {other.heads[-1].hash() for other in authors[:6]}
        await session.until(lambda: wanted <= session.receipted())
        return session

    hold()
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(peer.listening())
        await asyncio.to_thread(daemon.serve, url)
        first = await all_held()
        await first.channel.close()
        for other in authors[:6]:
            other.publish({"profile.json": PROFILE, "events/bal.json": event("Grand bal").encode()})
        hold()
        transcript(daemon, await all_held(), catching_up.__doc__ or "").write("catching_up")
        await peer.close()


async def relaying(network: Network) -> None:
    """A daemon that passes on a place with a second charter, and a place whose key signed two heads."""
    daemon = network.daemon("Relais")
    rotated, forked = Peer(author()), Peer(author())
    url = daemon.serve()
    rotated.author.rotate(os.urandom(32))
    await rotated.publish({"profile.json": b'{"kind": "profile", "name": "Cle neuve"}\n'})
    one = forked.author.publish({"profile.json": b'{"kind": "profile", "name": "Une"}\n'})
    forked.adopt()
    first = await rotated.dial(url)
    await first.until(lambda: bool(first.receipts))
    second = await forked.dial(url)
    await second.until(lambda: bool(second.receipts))
    forked.author.heads.pop()
    other = forked.author.publish({"profile.json": b'{"kind": "profile", "name": "Autre"}\n'})
    await second.channel.send(Evidence(tuple(forked.author.chain), one, other))
    forked.memory.places[other.place].held = forked.memory.places[other.place].seen = max(one, other, key=lambda head: head.order())
    forked.memory.objects.held |= forked.author.objects.held
    reader = Peer(author(), OneByOne)
    session = await reader.dial(url)
    await session.until(lambda: settled(session) and bool(session.receipts))
    known = reader.memory.places
    assert known[forked.author.place].forked and len(known[rotated.author.place].chain) == 2
    transcript(daemon, session, relaying.__doc__ or "").write("relaying")
    for peer in (rotated, forked, reader):
        await peer.close()


async def one_question(network: Network) -> None:
    """A daemon that dials again: an estimate tells how many cells it takes, heads come without charters, and it asks for those of a new place."""
    daemon, authors = network.daemon("Question"), [author({"events/bal.json": event(f"Bal {n}").encode()}) for n in range(12)]
    peer = Peer(author())

    async def all_held(wanted: list[Author]) -> Session:
        peer.opening.clear()
        session = await peer.opened()
        heads = {other.heads[-1].hash() for other in wanted}
        await session.until(lambda: heads <= session.receipted())
        return session

    for other in authors[:11]:
        peer.adopt(other)
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(peer.listening())
        await asyncio.to_thread(daemon.serve, url)
        first = await all_held(authors[:11])
        await first.channel.close()
        for other in authors[:6]:
            other.publish({"profile.json": PROFILE, "events/bal.json": event("Grand bal").encode()})
        for other in authors:
            peer.adopt(other)
        session = await all_held(authors[:6] + authors[11:])
        said = [type(read_frame(octets)) for ours, octets in session.channel.spoken if not ours]
        assert said.count(More) == 1 and Charters in said
        transcript(daemon, session, one_question.__doc__ or "").write("one_question")
        await peer.close()


async def record() -> None:
    for scene in (dialled, dialling, catching_up, relaying, one_question):
        with Network() as network:
            await scene(network)


if __name__ == "__main__":
    asyncio.run(record())
