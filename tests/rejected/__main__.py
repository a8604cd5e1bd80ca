"""`python -m tests.rejected` writes the expected texts anew; read what changed before it stays."""

from __future__ import annotations

from app.rules.problems import ProblemsFound
from tests.rejected.readers import expected_path, list_broken, problems_of

if __name__ == "__main__":
    for name in list_broken():
        text = str(ProblemsFound(problems_of(name)))
        expected_path(name).write_text(text + "\n", encoding="utf-8")
        print(f"--- {name}\n{text}")
