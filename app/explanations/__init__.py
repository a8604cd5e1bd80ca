"""A recorded decision, explained to three readers, and what would have changed it.

- `levers`      what a merchant can move, from where, in which direction, at what cost
- `reading`     what a compiled policy compares each input with, and what it couples
- `landmarks`   the values of each lever at which anything changes
- `states`      the formula's discrete states, and what each flow must reach in each of them
- `scoring`     levers that act through the score alone: the cheapest way to each number of points
- `bulk`        many rows of moved inputs judged in numpy
- `search`      the smallest change, level by level of how many inputs move
- `what_if`     a record and a goal → the change, verified by deciding it
- `merchant`, `analyst`, `auditor`   the three readers; `phrases` words, `text` for a terminal
"""
