"""A product's policy: from the files of analysts to one pipeline, and the life of its releases.

- `documents`   the files of a product, or a release, as documents
- `reasons`     reason codes with their texts
- `policy`      documents → a checked policy
- `pipeline`    the policy for one merchant, with the second opinion of durable-rules
- `portfolio`, `ranking`   the policy for columns of merchants, and their ranked reasons
- `cases`, `trials`        the analysts' tests, run by all three evaluators
- `accepted`    what the team means to keep: findings of lint, mutants that survive
- `examine`     everything that is wrong with a product's files, in one pass
- `release_records`, `releases`   published → approved → active → retired
"""
