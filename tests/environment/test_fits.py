"""Versions that fit and versions that do not, by hand."""

from __future__ import annotations

import pytest

from openworld3d.environment.fits import is_cuda, misfits
from openworld3d.environment.requirements import CUDA_OF_TODAY, NETWORK, Requirements
from openworld3d.environment.stack import Stack, release

PLAIN = {"torch": "1.8.1", "torch-scatter": "2.0.8", "numpy": "1.21.6", "scipy": "1.7.3"}
NO_GPU, CUDA_11_1 = Requirements(NETWORK), Requirements(NETWORK, "11.1")
CHECKPOINTS = Requirements(("torch",), reads_checkpoints=True)


def keys(stack: Stack, requirements: Requirements) -> list[str]:
    return [finding.key for finding in misfits(stack, requirements)]


EXTENSION = "torch_scatter"
CASES: list[tuple[str, Stack, Requirements, list[str]]] = [
    ("sound", Stack((3, 8), PLAIN, "11.1", extension_cuda={"torch_scatter": "11"}), CUDA_11_1, []),
    ("the other Python of torch 1.8", Stack((3, 9), PLAIN, "11.1"), CUDA_11_1, []),
    ("Python 3.10", Stack((3, 10), PLAIN, "11.1"), CUDA_11_1, ["E3"]),
    ("torch of today on Python 3.10", Stack((3, 10), {"torch": "2.13.0+cpu"}, "cpu"), NO_GPU, []),
    ("CPU build where no GPU is needed", Stack((3, 8), PLAIN, "cpu"), NO_GPU, []),
    ("CUDA build where no GPU is needed", Stack((3, 8), PLAIN, "10.2"), NO_GPU, []),
    ("CUDA 11.3", Stack((3, 8), PLAIN, "11.3"), CUDA_11_1, ["E4"]),
    ("CPU extension, no GPU needed", Stack((3, 8), PLAIN, "10.2", False, {EXTENSION: "cpu"}), NO_GPU, []),
    (
        "extension of a CUDA that torch has not",
        Stack((3, 8), PLAIN, "cpu", False, {EXTENSION: "11"}),
        NO_GPU,
        ["E7"],
    ),
    ("extension of 11.1 by name", Stack((3, 8), PLAIN, "11.1", True, {"torch_scatter": "11.1"}), CUDA_11_1, []),
    ("extension of 11.3 by name", Stack((3, 8), PLAIN, "11.1", True, {"torch_scatter": "11.3"}), CUDA_11_1, ["E7"]),
    ("scatter that does not compile", Stack((3, 8), {**PLAIN, "torch-scatter": "2.1.2"}, "11.1"), CUDA_11_1, ["E7"]),
    ("torch that cannot reduce by segment", Stack((3, 9), {"torch": "1.10.2"}, "cpu"), NO_GPU, ["E7"]),
    ("torch that can", Stack((3, 9), {"torch": "1.12.1"}, "cpu"), NO_GPU, []),
    ("torch that runs code of checkpoints", Stack((3, 11), {"torch": "2.5.1"}, "cpu"), CHECKPOINTS, ["E17"]),
    ("torch that runs none", Stack((3, 11), {"torch": "2.6.0+cpu"}, "cpu"), CHECKPOINTS, []),
    ("scatter of today", Stack((3, 11), {"torch": "2.13.0", "torch-scatter": "2.1.2"}, "cpu"), NO_GPU, []),
    ("numpy 2", Stack((3, 9), {**PLAIN, "numpy": "2.0.2"}, "cpu"), NO_GPU, ["E12"]),
    ("numpy without np.int", Stack((3, 8), {**PLAIN, "numpy": "1.24.4"}, "cpu"), NO_GPU, ["E12"]),
    ("numpy 2 with torch of today", Stack((3, 11), {"torch": "2.13.0", "numpy": "2.4.6"}, "cpu"), NO_GPU, []),
    ("mkl 2024.0", Stack((3, 8), {**PLAIN, "mkl": "2024.0.0"}, "cpu"), NO_GPU, []),
    ("mkl 2024.1", Stack((3, 8), {**PLAIN, "mkl": "2024.1.0"}, "cpu"), NO_GPU, ["E14"]),
    ("spconv 1", Stack((3, 8), {**PLAIN, "spconv": "1.2.1"}, "11.1"), CUDA_11_1, ["E16"]),
    ("spconv 2", Stack((3, 8), {**PLAIN, "spconv-cu111": "2.1.25"}, "11.1"), CUDA_11_1, []),
    ("torch where no network runs", Stack((3, 11), PLAIN, "11.1"), Requirements(("numpy",)), []),
]


@pytest.mark.parametrize(
    ("stack", "requirements", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_misfits_by_hand(stack: Stack, requirements: Requirements, expected: list[str]) -> None:
    assert keys(stack, requirements) == expected


@pytest.mark.parametrize(
    ("torch", "setuptools", "breaks"),
    [
        ("1.8.1", "75.3.0", False),
        ("1.10.2", "59.5.0", False),
        ("1.10.2", "59.6.0", True),
        ("1.12.1", "65.5.0", False),
    ],
)
def test_setuptools_breaks_tensorboard(torch: str, setuptools: str, breaks: bool) -> None:
    versions = {"torch": torch, "torch-scatter": "2.0.8", "setuptools": setuptools}
    assert keys(Stack((3, 8), versions, "cpu"), NO_GPU) == []
    findings = list(misfits(Stack((3, 8), {**versions, "tensorboard": "2.9.0"}, "cpu"), NO_GPU))
    assert bool(findings) == breaks
    if breaks:
        assert findings[0].message.startswith("setuptools 59.6.0 breaks TensorBoard in torch 1.10.2")
        assert findings[0].remedy == "pin setuptools=59.5.0"
        assert not findings[0].stops


@pytest.mark.parametrize(
    ("found", "expected", "answer"),
    [
        ("11.1", "11.1", True),
        ("11.3", "11.1", False),
        ("cpu", "11.1", False),
        ("cpu", None, True),
        ("13.0", CUDA_OF_TODAY, True),
        ("12.1", CUDA_OF_TODAY, True),
        ("11.8", CUDA_OF_TODAY, False),
        ("cpu", CUDA_OF_TODAY, False),
    ],
)
def test_cuda_that_will_do(found: str, expected: str | None, answer: bool) -> None:
    assert is_cuda(found, expected) == answer


def test_release_is_what_a_version_starts_with() -> None:
    assert release("1.8.1+cu111") == (1, 8, 1)
    assert release("2024.1.0") == (2024, 1, 0)
    assert release("2.0rc1") == (2, 0)
    assert release("") == ()
