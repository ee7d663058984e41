"""Protocols: which classes are unknown, and whether the scenes can measure how well they are found."""
