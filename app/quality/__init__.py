"""Data quality: what each import and each build is measured by and judged by.

Reading order: `measure` (an import's lake files → sums by day and carrier), `store` (where measures
and reports lie), `sheet` (the sums of a source as arrays), `expectations` (of rulesets/
expectations.yaml), `usual` (what a day usually has, robustly), `compare` (measured against usual,
by kind), `judge` (expectations × sheets → findings), `ledger` (of imports), `check` (the whole for
a day or an import), `report` and `page` (as JSON, as HTML).
"""
