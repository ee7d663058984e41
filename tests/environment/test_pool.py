"""Which GPUs jobs may use, as CUDA_VISIBLE_DEVICES and a stand-in for nvidia-smi say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Sequence

import pytest
from tests.environment.nvidia_smi import install, row, uuid

from openworld3d.environment import pool as pools
from openworld3d.environment.gpu import GPU, Driver
from openworld3d.environment.pool import Device, is_taken, pool, visible_names
from openworld3d.errors import UserError

TWO = [row(0), row(1)]
MIXED = [row(0, model="NVIDIA T1000"), row(1)]
MIG = "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f"
OLD_MIG = "MIG-GPU-5d5ba0d6/1/0"
PARTS = [
    f"GPU 0: NVIDIA A100-SXM4-40GB (UUID: {uuid(0)})",
    f"  MIG 3g.20gb     Device  0: (UUID: {MIG})",
    f"  MIG 3g.20gb     Device  1: (UUID: {OLD_MIG})",
    f"GPU 1: NVIDIA A100-SXM4-40GB (UUID: {uuid(1)})",
]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this machine has, and in what it runs."""
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "SLURM_JOB_ID", pools.LIMIT):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pools, "read_driver", Driver)


def on_machine(monkeypatch: pytest.MonkeyPatch, folder: Path, rows: list[str], listed: Sequence[str] = ()) -> None:
    monkeypatch.setenv("PATH", f"{install(folder / 'bin', rows, listed)}{os.pathsep}{os.defpath}")


@pytest.mark.parametrize(
    ("rows", "value", "names", "identities"),
    [
        pytest.param(TWO, None, [uuid(0), uuid(1)], [uuid(0), uuid(1)], id="all"),
        pytest.param(TWO, "1", ["1"], [uuid(1)], id="an index"),
        pytest.param(TWO, "1,0", ["1", "0"], [uuid(1), uuid(0)], id="their order"),
        pytest.param(TWO, f"GPU-1111,{uuid(0)}", ["GPU-1111", uuid(0)], [uuid(1), uuid(0)], id="UUIDs"),
        pytest.param(TWO, f"0,{uuid(0)}", [uuid(0)], [uuid(0)], id="one GPU twice"),
        pytest.param(TWO, MIG, [MIG], [MIG], id="a part of a GPU"),
        pytest.param(TWO, "", [], [], id="none"),
        pytest.param(TWO, "NoDevFiles", [], [], id="none, as an older Slurm says"),
        pytest.param(TWO, "0,-1,1", ["0"], [uuid(0)], id="what follows -1 is hidden"),
        pytest.param([], "2, 3", ["2", "3"], ["2", "3"], id="without nvidia-smi"),
        # CUDA calls the fastest 0, which may be nvidia-smi's 1.
        pytest.param(MIXED, "0", ["0"], ["0"], id="an index of unlike GPUs"),
    ],
)
def test_pool(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    rows: list[str],
    value: str | None,
    names: list[str],
    identities: list[str],
) -> None:
    on_machine(monkeypatch, tmp_path, rows)
    if value is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert [device.name for device in pool()] == names
    assert [device.identity for device in pool()] == identities


def test_order_of_the_bus_is_nvidia_smis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on_machine(monkeypatch, tmp_path, MIXED)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert pool() == [Device("0", uuid(0), "GPU 0 (NVIDIA T1000)", 4)]


def test_parts_of_a_gpu_stand_in_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on_machine(monkeypatch, tmp_path, [row(0, mig="Enabled"), row(1, mig="Disabled")], PARTS)
    assert [device.name for device in pool()] == [MIG, OLD_MIG, uuid(1)]


def test_driver_is_asked_where_nvidia_smi_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pools, "read_driver", lambda: Driver(gpus=(GPU("a", (8, 6)), GPU("b", (8, 6)))))
    assert [device.name for device in pool()] == ["0", "1"]


def test_failing_nvidia_smi_lists_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing = ["NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."]
    monkeypatch.setenv("PATH", f"{install(tmp_path / 'bin', failing, status=9)}{os.pathsep}{os.defpath}")
    assert pool() == []


def test_hanging_nvidia_smi_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    monkeypatch.setattr(pools, "SECONDS_TO_ANSWER", 0.1)
    with pytest.raises(UserError, match="nvidia-smi does not answer within"):
        pool()


@pytest.mark.parametrize("name", ["2", "GPU-abc"])
def test_gpu_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    on_machine(monkeypatch, tmp_path, TWO)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", f"0,{name}")
    with pytest.raises(UserError, match=f"CUDA_VISIBLE_DEVICES names GPU {name}, expected some of .* lists, 0, 1"):
        pool()


@pytest.mark.parametrize(
    ("used", "limit", "taken"),
    [(2048, None, False), (2049, None, True), (None, None, False), (3000, "4000", False), (5, "4", True)],
)
def test_memory_in_use_tells_that_somebody_computes(
    monkeypatch: pytest.MonkeyPatch, used: int | None, limit: str | None, taken: bool
) -> None:
    if limit is not None:
        monkeypatch.setenv(pools.LIMIT, limit)
    device = Device("0", uuid(0), "GPU 0", used)
    assert is_taken(device) == taken
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert is_taken(device) == taken
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert not is_taken(device)


def test_limit_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pools.LIMIT, "2 GB")
    with pytest.raises(UserError, match=f"{pools.LIMIT}: found '2 GB', expected a whole number of MiB"):
        is_taken(Device("0", uuid(0), "GPU 0", 5))


def test_memory_that_is_not_told_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on_machine(monkeypatch, tmp_path, [row(0, used="[N/A]")])
    assert pool()[0].used is None


def test_names_as_cuda_reads_them() -> None:
    assert visible_names(" 0 , GPU-ab,x,1") == ["0", "GPU-ab"]
