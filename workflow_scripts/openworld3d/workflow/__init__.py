"""The driver's side of the pipeline: checks of the config, the slice that a job sees, keys, plans and links.

Standard library, PyYAML and jsonschema only: the Snakefile's Python need not have a method's packages.
"""
