"""The rules engine: strict YAML → expression trees → type check → three evaluators that agree.

The modules, in the order in which text becomes a judgement:

- `problems`    findings as values: where, code, message, hint
- `document`    strict YAML whose nodes know their place
- `fields`      reading a mapping by its schema, collecting problems
- `lexer`       text of an expression → tokens
- `parser`      tokens → the tree of `syntax`
- `types`, `catalogue`   what names mean, and which received values count
- `checker`, `kinds`   syntax tree → typed `terms`
- `arithmetic`  rounding and money, once for one value and once for columns
- `program`     terms → one flat list of operations
- `scalar`, `vector`, `durable`   the three evaluators
- `rulesets`    the kinds rules, table and formula, checked
- `scope`, `reading…`   how they are made from documents
- `stages`, `compiled`   checked rulesets made ready to be judged, one merchant or columns of them
- `expression`  one expression by itself, for `chengxin eval`
"""
