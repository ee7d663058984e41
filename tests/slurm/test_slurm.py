"""The pipeline through a real Slurm."""

from __future__ import annotations

from tests.pipeline.conftest import make_tiny
from tests.slurm.conftest import ClusterProject


def test_tiny(on_cluster: ClusterProject) -> None:
    on_cluster.edit_config(make_tiny)
    assert on_cluster.submit().wait(300) == 0
