"""Inference: a trained network's outputs on whole scenes."""
