"""Provenance: what made a result, and the code that made it."""
