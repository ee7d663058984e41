"""Protocols: which classes are unknown, whether the scenes can measure it, and the page that says so."""
