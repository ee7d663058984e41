"""Metrics: statistics of a method, and every reported number as a function of them."""
