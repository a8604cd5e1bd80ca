"""Proofs: what must hold for every merchant that the catalogue allows, decided by a solver."""
