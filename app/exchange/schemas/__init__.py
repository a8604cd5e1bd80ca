"""JSON Schemas (2020-12) of the YAML files, for editors: completion, hover, red lines.

A schema never refuses what `policy check` accepts. Our loader keeps scalars as texts; an editor
makes numbers, true and false of some, so both forms are allowed.

- `names`     the names that a product knows: inputs, reasons, terms, what stages give
- `parts`     the pieces that schemas are made of
- `rulesets`, `products`, `shared`, `reference`   the kinds of files
- `kinds`     all kinds by name
- `editors`   which schema is for which file, as editors are told
"""
