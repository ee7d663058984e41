"""Check whether an environment is sound; standard library only, and torch is imported in child processes alone."""
