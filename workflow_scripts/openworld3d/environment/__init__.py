"""Is an environment sound? Standard library only, and torch is never imported in the asking process."""
