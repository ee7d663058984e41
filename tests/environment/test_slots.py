"""Each job has GPUs of its own, whatever else runs: locks that are taken and freed in this process."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.environment.nvidia_smi import install, row, uuid

from openworld3d.environment import pool, slots
from openworld3d.environment.gpu import Driver
from openworld3d.environment.slots import JOBS_PER_GPU, Held, close, gpus_of_job, take
from openworld3d.errors import UserError


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for nvidia-smi; no GPU of this machine is seen, no lock of another test."""
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "SLURM_JOB_ID", pool.LIMIT, JOBS_PER_GPU):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pool, "read_driver", Driver)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(slots, "SECONDS_BETWEEN_LOOKS", 0)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}")
    return tmp_path / "bin"


def taken(count: int = 1) -> Held:
    held, _ = take(count)
    assert held is not None
    return held


def names(held: Held) -> list[str]:
    return [device.name for device in held.devices]


def reason(count: int = 1) -> str:
    held, reasons = take(count)
    assert held is None
    return "; ".join(reasons)


def test_each_job_has_a_gpu_of_its_own(machine: Path) -> None:
    install(machine, [row(0), row(1)])
    first, second = taken(), taken()
    assert (names(first), names(second)) == ([uuid(0)], [uuid(1)])
    assert first.variables() == {"CUDA_VISIBLE_DEVICES": uuid(0)}
    assert reason() == (
        "GPU 0 (NVIDIA RTX 3090) is held by another job; GPU 1 (NVIDIA RTX 3090) is held by another job"
    )
    close(second.locks)
    assert names(taken()) == [uuid(1)]


def test_job_of_several_gpus_holds_all_or_none(machine: Path) -> None:
    install(machine, [row(0), row(1), row(2)])
    first = taken()
    two = taken(2)
    assert two.variables() == {"CUDA_VISIBLE_DEVICES": f"{uuid(1)},{uuid(2)}"}
    close(two.locks)
    assert "GPU 0" in reason(3)
    assert names(taken(2)) == [uuid(1), uuid(2)]  # nothing of the attempt before is held
    close(first.locks)


def test_gpus_are_shared_as_evenly_as_can_be(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(machine, [row(0), row(1)])
    monkeypatch.setenv(JOBS_PER_GPU, "2")
    assert [names(taken()) for _ in range(4)] == [[uuid(0)], [uuid(1)], [uuid(0)], [uuid(1)]]
    assert reason().count("held by another job") == 2


def test_gpu_that_somebody_else_uses_is_left_alone(machine: Path) -> None:
    install(machine, [row(0, used=10240), row(1)])
    assert names(taken()) == [uuid(1)]
    assert reason() == (
        "GPU 0 (NVIDIA RTX 3090) is left alone, as 10,240 MiB of its memory are in use by somebody else "
        "(more than 2,048, OPENWORLD3D_GPU_IN_USE_MIB); GPU 1 (NVIDIA RTX 3090) is held by another job"
    )


def test_memory_of_our_own_job_is_not_somebody_elses(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(machine, [row(0)])
    monkeypatch.setenv(JOBS_PER_GPU, "2")
    taken()
    install(machine, [row(0, used=10240)])
    assert names(taken()) == [uuid(0)]


def test_another_name_of_a_gpu_is_the_same_gpu(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(machine, [row(0), row(1)])
    first = taken()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert reason() == "GPU 0 (NVIDIA RTX 3090) is held by another job"
    close(first.locks)
    assert taken().variables() == {"CUDA_VISIBLE_DEVICES": "0"}


def test_gpus_of_slurm_are_taken_as_they_come(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their memory, and though another job of Slurm has one of the same index, or shares this one."""
    install(machine, [row(0, used=10240)])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    for job in ("7", "8"):
        monkeypatch.setenv("SLURM_JOB_ID", job)
        assert names(taken()) == ["0"]
        assert reason() == "GPU 0 (NVIDIA RTX 3090) is held by another job"


def test_parts_under_mig_are_given_by_name(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-5d5ba0d6/1/0,MIG-GPU-5d5ba0d6/2/0")
    assert [names(taken()) for _ in range(2)] == [["MIG-GPU-5d5ba0d6/1/0"], ["MIG-GPU-5d5ba0d6/2/0"]]


def test_machine_without_gpus_changes_nothing() -> None:
    assert taken(2) == Held([], [])
    assert taken(2).variables() == {}


def test_more_gpus_than_there_are_is_told(machine: Path) -> None:
    install(machine, [row(0), row(1)])
    with pytest.raises(UserError, match=r"a job requests 3 GPUs, and those it may use are 2 \(GPU 0 .*train:gpu=2"):
        take(3)
    assert names(taken(2)) == [uuid(0), uuid(1)]


def test_waiting_job_says_for_what_once(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(machine, [row(0)])
    looks = 0
    first = taken()

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            install(machine, [row(0, used=9000)])
            close(first.locks)
        if looks == 5:
            install(machine, [row(0)])

    with ExitStack() as stack:
        assert names(stack.enter_context(gpus_of_job(1, look))) == [uuid(0)]
        reason()
    assert looks == 5
    held, left_alone, runs = capsys.readouterr().out.splitlines()
    assert held == "waiting for 1 GPU: GPU 0 (NVIDIA RTX 3090) is held by another job"
    assert left_alone.startswith("waiting for 1 GPU: GPU 0 (NVIDIA RTX 3090) is left alone, as 9,000 MiB")
    assert runs == "runs on GPU 0 (NVIDIA RTX 3090)"
    close(taken().locks)


def test_job_that_is_not_wanted_any_more_does_not_wait(machine: Path) -> None:
    install(machine, [row(0)])
    taken()

    def look() -> None:
        raise UserError("the Snakemake that started this job has died; run again")

    with pytest.raises(UserError, match="has died"), gpus_of_job(1, look):
        pass


def test_locks_can_be_read_by_everyone(machine: Path) -> None:
    install(machine, [row(0)])
    before = os.umask(0o077)
    try:
        taken()
    finally:
        os.umask(before)
    locks = sorted(machine.parent.glob("openworld3d.gpu.*.lock"))
    assert [lock.name for lock in locks] == [f"openworld3d.gpu.{uuid(0)}.0.lock", "openworld3d.gpu.choosing.lock"]
    assert {lock.stat().st_mode & 0o777 for lock in locks} == {0o644}
