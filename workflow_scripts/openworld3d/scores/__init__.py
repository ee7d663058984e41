"""Post-hoc scores: one file each, which `openworld3d.plugins.load` imports by name.

A file says which outputs of a run it `READS`, which arrays of the run's training sample it `FITS`, and its `OPTIONS`
with their defaults. Where it fits nothing, `score(outputs, **options)` takes the outputs, (R, C) each, and returns
(R,) float32. Where it fits, `fit(sample, **options)` takes the arrays that `openworld3d.inference.training_sample`
lists, and returns the function that is called as `score` of the other files is, but without options.
`openworld3d.scoring.apply.score_rows` calls either with some rows at a time.
"""
