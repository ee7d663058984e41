"""Metrics of scores and predictions."""
