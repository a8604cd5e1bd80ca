"""What was run on a release before somebody approves it: a release, its cases and the newest
snapshot come in; one document goes out, part by part, canonical, so that it has a hash.

`subject` what evidence is gathered of · `tested` cases, coverage, mutation · `examined` lint and
proofs · `simulated` the release against the active one · `gather` the table of parts, and the
document
"""
