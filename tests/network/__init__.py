"""Real daemons on networks that fail: cut, narrow, slow, one-way, parted. README.md says what each file is for."""
