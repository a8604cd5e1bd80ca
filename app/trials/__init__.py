"""How well the cases of a policy hold it: what they reach, which changes they would notice, and
where a failing case left the way.

- `parts`       what of a policy can be reached, each with its place
- `coverage`    which of that the cases reach
- `story`       the trace of a failing case, in a few lines
- `trees`, `steps`, `measures`, `expressions`   one small change of a document, a number, a text
- `made`, `mutants_…`, `mutants`   every small change of a policy, each with its name
- `noticed`     whether a case notices a mutant
- `equivalent`  whether any valid merchant could
- `mutation`    all of that: killed, survived, argued
- `landmarks`, `reads`, `crowd`, `contrast`, `turning`, `search`   a merchant who tells two policies
  apart; `reach`: one who reaches a part
- `suggest`, `advice`   the merchant as a case, ready to paste
"""
