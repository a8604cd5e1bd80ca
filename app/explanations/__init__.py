"""A recorded decision, explained to three readers, and what would have changed it.

- `levers`      what a merchant can move, from where, in which direction, at what cost
- `reading`     what a compiled policy compares each input with, and what it couples
- `landmarks`   the values of each lever at which anything changes
- `states`      the formula's discrete states, and what each flow must reach in each of them
- `scoring`     levers that act through the score alone: the cheapest way to each number of points
- `demands`     what rules demand of single levers
- `bulk`        many rows of moved inputs judged in numpy
- `search`      the smallest change, level by level of how many inputs move
- `what_if`     a record and a goal → the change, verified by deciding it
- `together`    the same change with all that cannot stay behind: sums of sales grow together
- `merchant`, `analyst`, `auditor`   the three readers; `telling` what-if for a merchant, `lineage`
                of the data, `integrity` of a record; `phrases` words, `text` for a terminal
- `explain`     an id and a reader → the explanation
"""
