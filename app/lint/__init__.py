"""Lint: what is right as a text and hardly meant, found by intervals over the declared ranges.

- `values`      the set of values that an operation can give
- `domains`     what a name can hold
- `search`      is there a merchant for whom conditions give certain results?
- `wording`     values and merchants as an analyst writes them
- `context`     the stages with their documents and names; findings
- `expressions` conditions, thresholds and arms inside one text
- `rules`, `tables`, `gaps`, `scorecards`, `formulas`   each kind of file
- `unread`      what is declared and read by nothing
- `acceptance`  what accepted.yaml takes out
- `lint`        all of it, for a product and for what products share
"""
