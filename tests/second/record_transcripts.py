"""Records scenes with the daemon of today in tests/transcripts: /usr/bin/python3 -m tests.second.record_transcripts NAME...

Not for every day: what is kept there is what a daemon said once. Record under a new name when there is something new to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import sys

from .author import Author, nested
from .cases import PROFILE, author, settled
from .daemons import Daemon, Network, event, resource
from .frame import Bundle, Bye, Charters, Due, Evidence, Frame, Heads, More, TwoCharters, read_frame
from .invitation import Invited, Welcome, invitation_link, secret_of
from .pack import BLOB, name_of
from .scope import Holders, Scope, Where
from .session import Peer, Session
from .transcript import Transcript

ADDRESS = "wss://lune.example/peer"
REACHED = json.dumps({"kind": "profile", "name": "Lune", "endpoints": [ADDRESS]}).encode() + b"\n"
ERASED = "Un nom"


class OneByOne(Session):
    """Asks for one place at a time, so that each has a pack of its own."""

    async def fetch(self, places: list[bytes]) -> None:
        await super().fetch(places[:1])


class OnlyTheirs(Session):
    """Takes in the other side's own place and no other."""

    async def fetch(self, places: list[bytes]) -> None:
        self.unheld |= set(places) - {self.channel.remote}
        if self.channel.remote in places:
            await super().fetch([self.channel.remote])


def heard(session: Session, kind: type) -> list[Frame]:
    """What the daemon said, of this kind."""
    said = [read_frame(octets) for ours, octets in session.channel.spoken if not ours]
    return [frame for frame in said if isinstance(frame, kind)]


def transcript(daemon: Daemon, session: Session, about: str, secret: bytes = b"") -> Transcript:
    seed = bytes.fromhex((daemon.dir / "keys" / "daemon.key").read_text())
    frames = [(not ours, octets) for ours, octets in session.channel.spoken]
    return Transcript(about, 1 - session.channel.role, seed, frames, secret)


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


async def joining(network: Network) -> None:
    """A daemon that joins by the link of an invitation: it dials, shows the invitation and is welcomed."""
    daemon, peer = network.daemon("Moulin"), Peer(author(), OneByOne)
    daemon.publish({"events/2027-03/fete.json": event("Fête")})
    secret = os.urandom(16)
    peer.invitations.add(secret)
    await asyncio.to_thread(daemon.serve)
    async with peer.listening() as url:
        joined = await asyncio.to_thread(daemon.command, "join", invitation_link(url, peer.author.place, secret))
        assert joined["state"] == "accepted", joined
        session = await peer.opened()
        await session.until(lambda: bool(session.receipts) and daemon.place not in peer.memory.missing())
        assert heard(session, Invited)
        transcript(daemon, session, joining.__doc__ or "", secret).write("joining")
        await peer.close()


async def inviting(network: Network) -> None:
    """A daemon that is dialled by a guest with its invitation, and welcomes it."""
    daemon, peer = network.daemon("Hangar"), Peer(author(), OneByOne)
    daemon.publish({"events/2027-03/fete.json": event("Fête")})
    url = await asyncio.to_thread(daemon.serve)
    link = (await asyncio.to_thread(daemon.command, "invite", "--url", f"http://{daemon.address}"))["link"]
    peer.secret = secret_of(link)
    session = await peer.dial(url)
    await session.until(lambda: settled(session) and bool(session.receipts) and bool(heard(session, Welcome)))
    assert heard(session, Welcome) == [Welcome("")]
    transcript(daemon, session, inviting.__doc__ or "", peer.secret).write("inviting")
    await peer.close()


async def following(network: Network) -> None:
    """A daemon that follows a department: it asks who holds what its peer does not follow, answers the same, and follows one more."""
    daemon = network.daemon("Konk", "--commune", "29039")
    daemon.follow("29")
    daemon.publish({"events/2027-03/fete.json": event("Fête")})
    near, hub, other = author(), Peer(author(), OnlyTheirs), Peer(author({"profile.json": REACHED}))
    hub.scopes, other.scopes = ("59",), ("56",)
    hub.adopt(near)
    url = await asyncio.to_thread(daemon.serve)
    second = await other.dial(url)
    await second.until(lambda: other.author.heads[-1].hash() in second.receipted())
    await other.close()
    second = await other.dial(url)  # its address is in its profile, which the daemon has now
    await second.until(lambda: second.reconciled > 0)
    session = await hub.dial(url)
    await session.until(lambda: near.heads[-1].hash() in session.receipted() and hub.memory.places[daemon.place].held is not None)
    assert heard(session, Where) == [Where((near.place,))]
    daemon.follow("29", "35")
    await session.until(lambda: bool(heard(session, Scope)))
    await session.channel.send(Where(tuple(sorted((near.place, other.author.place)))))
    await session.until(lambda: bool(heard(session, Holders)))
    (holders,) = heard(session, Holders)
    assert isinstance(holders, Holders) and len(holders.places) == 2 and (other.author.place, ADDRESS) in holders.daemons
    transcript(daemon, session, following.__doc__ or "").write("following")
    for peer in (hub, other):
        await peer.close()


async def two_charters(network: Network) -> None:
    """A daemon that passes on two charters with one parent, both signed by the root of their place."""
    daemon, one = network.daemon("Relais"), author()
    url = await asyncio.to_thread(daemon.serve)
    other = copy.deepcopy(one)
    for by in (one, other):
        by.rotate(os.urandom(32))
        by.publish({"profile.json": PROFILE})
    owner, carrier, reader = Peer(one), Peer(author()), Peer(author(), OneByOne)
    first = await owner.dial(url)
    await first.until(lambda: bool(first.receipts))
    second = await carrier.dial(url)
    await second.channel.send(Heads(Bundle(tuple(other.chain), (other.heads[-1],))))
    await first.until(lambda: bool(heard(first, TwoCharters)))
    session = await reader.dial(url)
    await session.until(lambda: settled(session) and bool(session.receipts) and bool(heard(session, TwoCharters)))
    transcript(daemon, session, two_charters.__doc__ or "").write("two_charters")
    for peer in (owner, carrier, reader):
        await peer.close()


async def erasing(network: Network) -> None:
    """A daemon that publishes, then breaks its history: what it erased was in its first commit, the next epoch begins with another."""
    daemon, peer = network.daemon("Oubli"), Peer(author(), OneByOne)
    daemon.publish({"events/2027-03/fete.json": event("Fête"), "events/2027-03/secret.json": event(ERASED)})
    session = await peer.dial(await asyncio.to_thread(daemon.serve))
    await session.until(lambda: settled(session) and bool(session.receipts))
    await asyncio.to_thread(daemon.command, "erase", "--yes", "events/2027-03/secret.json")

    def replaced() -> bool:
        held = peer.memory.places[daemon.place].held
        return held is not None and held.epoch == 1

    await session.until(replaced)
    transcript(daemon, session, erasing.__doc__ or "").write("erasing")
    await peer.close()


async def purging(network: Network) -> None:
    """A daemon whose peer breaks its history: the receipt of the new epoch comes when what was erased is off its disk."""
    daemon, secret = network.daemon("Memoire"), event(ERASED).encode()
    daemon.publish({"events/2027-03/fete.json": event("Fête")})
    by = author({"events/secret.json": secret})
    peer = Peer(by, OneByOne)
    async with peer.listening() as url:
        await asyncio.to_thread(daemon.serve, url)
        session = await peer.opened()
        await session.until(lambda: bool(session.receipts) and daemon.place not in peer.memory.missing())
        assert daemon.has_object(name_of(BLOB, secret))
        tree = by.folder(nested({"profile.json": PROFILE}))
        after = by.sign(by.commit(tree, [], "nothing else was here"), tree, epoch=1)
        peer.adopt()
        await session.channel.send(Heads(Bundle((), (after,))))
        await session.until(lambda: after.hash() in session.receipted())
        assert not daemon.has_object(name_of(BLOB, secret))
        transcript(daemon, session, purging.__doc__ or "").write("purging")
        await peer.close()


async def unblocking(network: Network) -> None:
    """A daemon that blocked a place and does so no more: it says that a reconciliation is due, and takes in what it refused before."""
    daemon, blocked, peer = network.daemon("Portail"), author(), Peer(author(), OneByOne)
    daemon.publish({"events/2027-03/fete.json": event("Fête")})
    peer.adopt(blocked)
    url = await asyncio.to_thread(daemon.serve)
    await asyncio.to_thread(daemon.command, "block", blocked.place.hex())
    session = await peer.dial(url)
    await session.until(lambda: settled(session) and bool(session.receipts))
    await asyncio.to_thread(daemon.command, "unblock", blocked.place.hex())
    await session.until(lambda: blocked.heads[-1].hash() in session.receipted())
    assert heard(session, Due) and session.reconciled == 2
    transcript(daemon, session, unblocking.__doc__ or "").write("unblocking")
    await peer.close()


async def blocking(network: Network) -> None:
    """A daemon that gives what it has, until its people block its peer: it says so, and ends the session."""
    daemon, peer = network.daemon("Soir"), Peer(author(), OneByOne)
    daemon.publish({"events/2027-03/fete.json": event("Fête")})
    session = await peer.dial(await asyncio.to_thread(daemon.serve))
    await session.until(lambda: settled(session) and bool(session.receipts))
    await asyncio.to_thread(daemon.command, "block", peer.author.place.hex())
    await session.until(lambda: session.ended is not None)
    assert [bye.code for bye in heard(session, Bye) if isinstance(bye, Bye)] == ["blocked"]
    transcript(daemon, session, blocking.__doc__ or "").write("blocking")
    await peer.close()


SCENES = (
    dialled, dialling, catching_up, relaying, one_question, joining, inviting, following, two_charters, erasing, purging, unblocking, blocking,
)


async def record(names: list[str]) -> None:
    for scene in SCENES:
        if scene.__name__ in names:
            with Network() as network:
                await scene(network)


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
