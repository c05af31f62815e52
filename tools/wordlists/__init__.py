"""Builds `policies/words/*.txt` from pinned packages and from the hand-written lists in `hand/`.

The law of this package:

- A source is a package of a public registry, fetched by that registry's own client and held to a SHA-256 (`packages`).
- Readers (`names`, `english`, `medicine`, `places`) turn packages into words; they run nothing that a package holds.
- `lists` decides which word stands in which list, `form` how a list is written.
- The same packages give the same bytes, on any machine.

What was chosen and what was avoided, with licences: `docs/adr/0010-word-lists.md`.
"""
