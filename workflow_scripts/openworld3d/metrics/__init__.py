"""Metrics of scores and predictions; `ranking(score, unknown)` is how well a score finds the unknown."""

from importlib import import_module

# By name: a change to it is no reason to run again what uses other files of this folder.
ranking = import_module("openworld3d.metrics.ranking").ranking
