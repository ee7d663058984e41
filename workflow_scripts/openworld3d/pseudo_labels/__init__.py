"""Pseudo labels: points of training clouds taken for unknown without a label, or resized to be unknown."""
