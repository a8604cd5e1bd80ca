"""Models of the DMN standard, in DMN's own semantics; the ruleset language is not used to run them.

In the order of reading: `moments` (dates, times, durations), `values`, `temporal` and
`temporal_math`; text becomes a tree in `scanner`, `forms`, `parser`; a tree becomes a value in
`evaluate`, with `operators`, `iterate`, `calls` and the functions of `builtins` (`signatures` says
how they are declared); `types` holds what a model declares; `xml`, `model` and `requirements` read
files and run what they require, `boxed` and `table` the expressions in them; `output` writes JSON.
`exporting…` and `importing…` go from our policies to DMN and back.
"""
