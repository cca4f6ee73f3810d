"""The protocol of Maillage by another hand: a peer written from protocol/PROTOCOL.md and RECORDS.md alone.

It shares no line with the daemon, so what the two agree on is what the documents say. `§` in this folder is a section
of PROTOCOL.md. README.md says what each file is for.
"""
