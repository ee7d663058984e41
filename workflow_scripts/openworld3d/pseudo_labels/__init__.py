"""Pseudo labels: which points of a training cloud a network is to take for unknown, though no label says so."""
