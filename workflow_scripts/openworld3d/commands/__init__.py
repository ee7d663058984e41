"""Commands: what `openworld3d` does by itself, without Snakemake, a config or a checkout."""
