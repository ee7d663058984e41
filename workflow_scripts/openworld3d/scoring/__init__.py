"""Scoring: what turns outputs of scenes into scores of their points."""
