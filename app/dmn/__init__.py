"""Reads and runs DMN models in DMN's own semantics; the ruleset language is not used."""
