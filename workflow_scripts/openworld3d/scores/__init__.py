"""Post-hoc scores: one file each, which `openworld3d.plugins.load` imports by name.

`score(outputs, **options)` takes the outputs that it `READS`, (R, C) each, and a value for each of its `OPTIONS`, and
returns (R,) float32; `openworld3d.scoring.score_rows` calls it with some rows at a time.
"""
