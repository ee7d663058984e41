"""What the Snakefile asks: is the config right, which slice of it does a job see, which files does a command import.

Standard library, PyYAML and jsonschema only: the Snakefile's Python need not have a method's packages.
"""
