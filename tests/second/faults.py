"""Content as it may and may not be (RECORDS.md, §10): each entry does something to a new place, and says what becomes of it.

`HELD` and `NOT_HELD` leave the session alone; a code is that of the BYE which ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .author import Author, nested
from .cases import PROFILE
from .octets import sha256
from .pack import BLOB, COMMIT, TREE, name_of

HELD, NOT_HELD = "held", "not held"
Fault = Callable[[Author], None]
ARMOUR = re.compile(rb"gpgsig .*?-----END SSH SIGNATURE-----\n", re.S)


def line(name: bytes, made: bytes) -> bytes:
    return name + b" " + made.hex().encode() + b"\n"


def next_commit(by: Author, parents: list[bytes] | None = None, message: str = "next") -> bytes:
    return by.commit(by.folder(nested({"profile.json": PROFILE})), parents or [by.heads[-1].commit], message)


def tree_of(by: Author, commit: bytes) -> bytes:
    return by.objects.commit(commit).tree


def with_head(**fields: Any) -> Fault:
    """The last head says something else, and is signed again."""

    def fault(by: Author) -> None:
        by.heads[-1] = replace(by.heads[-1], **fields).signed_by(by.daemon)

    return fault


def with_tree(octets: bytes) -> Fault:
    """A root folder of these raw entries; BLOB stands for a profile, TREE for a folder of one, VOID for an empty folder."""

    def fault(by: Author) -> None:
        blob, void = by.add(BLOB, PROFILE), bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
        below = by.add(TREE, b"100644 x\0" + blob) if b"TREE" in octets else b""
        states = {b"BLOB": sha256(PROFILE), b"TREE": sha256(line(b"x", sha256(PROFILE))), b"VOID": sha256(b"")}
        if b"VOID" in octets:
            by.add(TREE, b"")
        lines = [line(name, states[what]) for name, what in re.findall(rb"[0-9]+ ([^\0]*)\0(BLOB|TREE|VOID)", octets)]
        raw = octets.replace(b"BLOB", blob).replace(b"TREE", below).replace(b"VOID", void)
        tree = by.add(TREE, raw)
        by.sign(by.commit(tree, [by.heads[-1].commit], "a strange folder"), tree, state=sha256(b"".join(lines)))

    return fault


def with_commit(change: Callable[[bytes], bytes]) -> Fault:
    """The raw commit, changed."""

    def fault(by: Author) -> None:
        commit = next_commit(by)
        tree = tree_of(by, commit)
        by.sign(by.add(COMMIT, change(by.objects.held.pop(commit)[1])), tree)

    return fault


def put(pattern: bytes, by: bytes) -> Fault:
    return with_commit(lambda octets: re.sub(pattern, by, octets, count=1))


def signature_of(octets: bytes) -> bytes:
    found = ARMOUR.search(octets)
    assert found is not None
    return found[0]


def moved(before: bytes) -> Fault:
    """The signature stands in front of this."""
    return with_commit(lambda octets: ARMOUR.sub(b"", octets).replace(before, signature_of(octets) + before, 1))


def beside(change: Callable[[bytes], bytes]) -> Fault:
    """The signature, and what `change` makes of it in front of the author."""
    return with_commit(lambda octets: octets.replace(b"\nauthor ", b"\n" + change(signature_of(octets)) + b"author ", 1))


def behind(change: Callable[[bytes], bytes]) -> Fault:
    """The signature, and what `change` makes of it right behind."""
    return with_commit(lambda octets: ARMOUR.sub(lambda found: found[0] + change(found[0]), octets))


def same(signature: bytes) -> bytes:
    return signature


def of_sha256(signature: bytes) -> bytes:
    return signature.replace(b"gpgsig ", b"gpgsig-sha256 ")


def second_root(by: Author) -> None:
    """A merge with a history from before an erasure."""
    strange = by.commit(by.folder(nested({"profile.json": PROFILE})), [], "another beginning")
    merge = next_commit(by, [by.heads[-1].commit, strange])
    by.sign(merge, tree_of(by, merge))


def healed(by: Author) -> None:
    """Two heads of one history become one again, in the next epoch."""
    one, other = (next_commit(by, message=message) for message in ("one", "other"))
    merge = next_commit(by, [one, other])
    by.sign(merge, tree_of(by, merge), epoch=1)


def commit_of(size: int) -> Fault:
    """A raw commit of so many bytes."""
    return with_commit(lambda octets: octets + b"x" * (size - len(octets)))


def with_parents(count: int) -> Fault:
    """A merge of so many heads of one history."""

    def fault(by: Author) -> None:
        sides = [next_commit(by, message=f"side {n}") for n in range(count)]
        by.sign(next_commit(by, sides), tree_of(by, sides[0]))

    return fault


def with_entries(*counts: int) -> Fault:
    """Folders of so many files; one, and it is the root."""

    def folder(by: Author, count: int) -> tuple[bytes, bytes]:
        blob, names = by.add(BLOB, b""), [b"%05d" % n for n in range(count)]
        made = by.add(TREE, b"".join(b"100644 " + name + b"\0" + blob for name in names))
        return made, sha256(b"".join(line(name, sha256(b"")) for name in names))

    def fault(by: Author) -> None:
        below = [folder(by, count) for count in counts]
        tree, state = below[0]
        if len(counts) > 1:
            tree = by.add(TREE, b"".join(b"40000 f%d\0" % n + made for n, (made, _) in enumerate(below)))
            state = sha256(b"".join(line(b"f%d" % n, of_one) for n, (_, of_one) in enumerate(below)))
        by.sign(by.commit(tree, [by.heads[-1].commit], "many files"), tree, state=state)

    return fault


def same_parent_twice(by: Author) -> None:
    tree = by.folder(nested({"profile.json": PROFILE}))
    by.sign(by.commit(tree, [by.heads[-1].commit] * 2, "next"), tree)


def same_commit_again(by: Author) -> None:
    before = by.heads[-1]
    by.heads.append(replace(before, sequence=before.sequence + 1, previous=before.hash()).signed_by(by.daemon))


def signed_by_a_stranger(by: Author) -> None:
    daemon, by.daemon = by.daemon, bytes(32)
    commit = next_commit(by)
    by.daemon = daemon
    by.sign(commit, tree_of(by, commit))


def files(**more: bytes) -> Fault:
    return lambda by: void(by.publish({"profile.json": PROFILE, **{path.replace("__", "/"): octets for path, octets in more.items()}}))


def void(_: object) -> None:
    return None


def without_a_file(by: Author) -> None:
    files(gone=b"gone")(by)
    del by.objects.held[name_of(BLOB, b"gone")]


def without_a_parent(by: Author) -> None:
    first = by.heads[-1].commit
    files(more=b"more")(by)
    del by.objects.held[first]


def mended(by: Author) -> None:
    """A good state above a bad one: the whole history counts."""
    with_tree(b"100644 README\0BLOB")(by)
    commit = next_commit(by)
    by.sign(commit, tree_of(by, commit))


HEADS = {
    "the first of sequence 0": (with_head(sequence=0), HELD),
    "the greatest sequence and epoch": (with_head(sequence=2**64 - 1, epoch=2**64 - 1), HELD),
    "a time before 1970": (with_head(time=-1), HELD),
    "a place closed for good": (with_head(flags=1), HELD),
    "a previous head that nobody knows": (with_head(previous=b"\1" * 32), HELD),
    "a cell that is nowhere": (with_head(cell=b"zz!!!!!\0"), HELD),
    "the commit of the head before": (same_commit_again, HELD),
    "a healed fork": (healed, HELD),
    "another state": (with_head(state=bytes(32)), NOT_HELD),
    "a second root": (second_root, NOT_HELD),
}
FOLDERS = {
    "no file at all": (with_tree(b""), HELD),
    "four segments": (files(a__b__c__d=b""), HELD),
    "anything in identity": (files(identity__charters=b"anything"), HELD),
    "a file of 4 MiB": (files(large=bytes(4 << 20)), HELD),
    "a file of one byte more": (files(large=bytes((4 << 20) + 1)), "too-large"),
    "10,000 entries": (with_entries(10_000), HELD),
    "10,001 entries": (with_entries(10_001), "too-many"),
    "20,000 files": (with_entries(10_000, 10_000), HELD),
    "20,001 files": (with_entries(10_000, 10_000, 1), "too-many"),
    "five segments": (files(a__b__c__d__e=b""), NOT_HELD),
    "an empty folder": (with_tree(b"40000 events\0VOID"), NOT_HELD),
    "a symbolic link": (with_tree(b"120000 link\0BLOB"), NOT_HELD),
    "an executable": (with_tree(b"100755 run\0BLOB"), NOT_HELD),
    "a mode of six digits": (with_tree(b"040000 a\0TREE"), NOT_HELD),
    "a capital": (with_tree(b"100644 README\0BLOB"), NOT_HELD),
    "a dot first": (with_tree(b"100644 .git\0BLOB"), NOT_HELD),
    "a name of Windows": (with_tree(b"100644 nul.json\0BLOB"), NOT_HELD),
    "two dots": (with_tree(b"100644 a..b\0BLOB"), NOT_HELD),
    "a name of 65 bytes": (with_tree(b"100644 " + b"a" * 65 + b"\0BLOB"), NOT_HELD),
    "out of order": (with_tree(b"100644 b\0BLOB100644 a\0BLOB"), NOT_HELD),
    "a file twice": (with_tree(b"100644 a\0BLOB100644 a\0BLOB"), NOT_HELD),
    "a file and a folder of one name": (with_tree(b"100644 a\0BLOB40000 a\0TREE"), NOT_HELD),
    "a bad name in an older commit": (mended, NOT_HELD),
    "a file that is missing": (without_a_file, NOT_HELD),
    "a parent that is missing": (without_a_parent, NOT_HELD),
}
COMMITS = {
    "no message": (with_commit(lambda octets: octets[: octets.index(b"\n\n") + 2]), HELD),
    "no newline at the end": (with_commit(lambda octets: octets[:-1]), HELD),
    "another zone": (put(rb" \+0000", b" -1130"), HELD),
    "no e-mail": (put(rb"<[^>]*>", b"<>"), HELD),
    "a signature by anybody": (signed_by_a_stranger, HELD),
    "a signature that does not hold": (with_commit(lambda octets: octets + b"more\n"), HELD),
    "a signature in the message too": (with_commit(lambda octets: octets + signature_of(octets)), HELD),
    "no signature": (with_commit(lambda octets: ARMOUR.sub(b"", octets)), NOT_HELD),
    "a field too many": (put(rb"gpgsig ", b"encoding utf-8\ngpgsig "), NOT_HELD),
    "Latin-1": (put(rb"author ", b"author \xe9 "), NOT_HELD),
    "no empty line": (with_commit(lambda octets: octets[: octets.index(b"\n\n") + 1]), NOT_HELD),
    "16 KiB": (commit_of(16384), HELD),
    "a byte more than 16 KiB": (commit_of(16385), "too-large"),
    "16 parents": (with_parents(16), HELD),
    "17 parents": (with_parents(17), NOT_HELD),
    "capitals in a name of git": (with_commit(lambda octets: octets[:5] + octets[5:45].upper() + octets[45:]), NOT_HELD),
    "one parent twice": (same_parent_twice, NOT_HELD),
    "a time before 1970": (put(rb"> \d+ ", b"> -5 "), NOT_HELD),
    "zeros before the time": (put(rb"> \d+ ", b"> 007 "), NOT_HELD),
    "a time of 2^63": (put(rb"> \d+ ", b"> 9223372036854775808 "), NOT_HELD),
    "a zone of two digits": (put(rb" \+0000", b" +00"), NOT_HELD),
    "a zone of a day": (put(rb" \+0000", b" +2400"), NOT_HELD),
    "a zone of minus nothing": (put(rb" \+0000", b" -0000"), NOT_HELD),
    "nobody": (put(rb"author [^<]*<", b"author <"), NOT_HELD),
    "a space before the name": (put(rb"author ", b"author  "), NOT_HELD),
    "a space after the name": (put(rb" <", b"  <"), NOT_HELD),
    "a bracket in the name": (put(rb"author ", b"author a>b "), NOT_HELD),
    "a control character": (put(rb"author ", b"author a\tb "), NOT_HELD),
    "a space in the e-mail": (put(rb"@", b" @"), NOT_HELD),
}
# What makes a new commit of one that is right, which some verifier of signatures takes for as good.
SIGNATURES = {
    "before the tree": moved(b"tree "),
    "before the parent": moved(b"parent "),
    "before the author": moved(b"author "),
    "before the committer": moved(b"committer "),
    "after the empty line": moved(b"next\n"),
    "behind the message": with_commit(lambda octets: ARMOUR.sub(b"", octets) + signature_of(octets)),
    "twice": behind(same),
    "twice, apart": beside(same),
    "of SHA-256 git alone": put(rb"gpgsig ", b"gpgsig-sha256 "),
    "of SHA-256 git behind it": behind(of_sha256),
    "of SHA-256 git in front": beside(of_sha256),
    "wrapped otherwise": put(rb"U1NIU0lH", b"U1NI\n U0lH"),
    "an empty line in it": put(rb"U1NIU0lH", b"\n U1NIU0lH"),
    "a space behind it": put(rb"(-----END SSH SIGNATURE-----)\n", rb"\1 \n"),
    "NUL behind all": with_commit(lambda octets: octets + b"\0"),
    "NUL behind it": put(rb"(-----END SSH SIGNATURE-----)\n", rb"\1\0\n"),
}
