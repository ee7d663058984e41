"""Scenes: their arrays, the manifests that list them, and their voxels."""
