"""Post-hoc scores: one file each, `score(logits)`; `openworld3d.plugins.load` imports them by name."""
