"""How well the cases of a policy hold it: what they reach, and where a failing case left the way.

- `parts`     what of a policy can be reached, each with its place
- `coverage`  which of that the cases reach
- `story`     the trace of a failing case, in a few lines
"""
