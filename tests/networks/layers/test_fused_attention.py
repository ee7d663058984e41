"""The fused attention, in Triton's interpreter on the CPU, against its formula computed pair by pair."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.flat_pairs import attend

from openworld3d.networks.layers import fused_attention, stratified_attention
from openworld3d.networks.layers.fused_attention import FusedPairAttention, is_fused
from openworld3d.networks.layers.pair_attention import PairAttention, Pairs, make_pairs
from openworld3d.networks.layers.stratified_attention import WindowAttention, table_length

interpreter = pytest.importorskip("triton.runtime.interpreter", reason="Triton is not installed here")
LENGTH = table_length(0.4, 0.1)
POINTS = 6  # few, as the interpreter takes hundredths of a second for each point, head and kernel
BOUND = {torch.float32: 5e-5, torch.bfloat16: 1e-2, torch.float16: 3e-3}  # of the largest number


def drawn(pairs: list[tuple[int, int]]) -> Pairs:
    """Return pairs with random rows."""
    query, key = np.array(pairs).T
    return make_pairs(query, key, np.random.default_rng(0).integers(0, LENGTH, (len(query), 3)).astype(np.int8))


EVERY = [(i, j) for i in range(POINTS) for j in range(POINTS)]
CASES = {
    "one window": drawn(EVERY),
    "random": drawn([pair for number, pair in enumerate(EVERY) if number * 7 % 5 < 2]),
    "some are no one's key": drawn([(i, j) for i, j in EVERY if j < 2]),
    "each alone": drawn([(i, i) for i in range(POINTS)]),
    "some without pairs": drawn([(0, 0), (0, 4), (2, 2), (4, 5)]),
}


@pytest.fixture(autouse=True)
def _fused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stratified_attention, "is_fused", lambda vectors: True)
    monkeypatch.setattr(fused_attention, "BLOCK", 4)  # so that a query has several, the last not full
    options = interpreter.InterpreterOptions(sanitize_overflow=False)  # a third of the time
    monkeypatch.setattr(interpreter.interpreter_builder, "options", options)


def inputs(heads: int, width: int, dtype: torch.dtype) -> list[torch.Tensor]:
    """Return queries, keys and values in a precision, then tables in float32."""
    torch.manual_seed(0)
    vectors = [torch.randn(heads, POINTS, width).to(dtype) for _ in range(3)]
    tables = [torch.randn(heads, 3, width, LENGTH) / 2 for _ in range(3)]
    return [value.requires_grad_() for value in (*vectors, *tables)]


def results(function: type[torch.autograd.Function], leaves: list[torch.Tensor], pairs: Pairs) -> list[torch.Tensor]:
    """Return what a function computes, and the gradients of all leaves."""
    out = function.apply(pairs, *leaves)
    torch.manual_seed(1)
    return [out, *torch.autograd.grad(out, leaves, torch.randn(out.shape).to(out.dtype))]


@pytest.mark.parametrize("name", list(CASES))
def test_agrees_with_pair_by_pair(name: str) -> None:
    torch.manual_seed(0)
    attention = WindowAttention(2 * 16, 2, side=0.4, step=0.1)
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    feature = torch.randn(POINTS, 2 * 16, requires_grad=True)
    leaves = [feature, *attention.parameters()]
    found, wanted = (
        [out, *torch.autograd.grad(out.square().sum(), leaves)]
        for out in (attention(feature, CASES[name]), attend(attention, feature, CASES[name]))
    )
    for one, other in zip(found, wanted):
        assert (one - other).abs().max() < 1e-5 * other.abs().max().clamp(min=10)


@pytest.mark.parametrize(
    ("dtype", "width"),
    [(torch.float32, 24), (torch.bfloat16, 16), (torch.float16, 8)],
)
def test_agrees_in_every_precision_with_the_plain_path(dtype: torch.dtype, width: int) -> None:
    leaves = inputs(1, width, dtype)
    found = results(FusedPairAttention, leaves, CASES["random"])
    exact = [value.detach().double().requires_grad_() for value in leaves]
    assert [value.dtype for value in found] == [dtype, *(value.dtype for value in leaves)]
    for one, other in zip(found, results(PairAttention, exact, CASES["random"])):
        assert (one.double() - other).abs().max() < BOUND[dtype] * other.abs().max()


def test_under_autocast_it_takes_what_the_layer_before_rounds() -> None:
    torch.manual_seed(0)
    attention, feature = WindowAttention(16, 1, side=0.4, step=0.1), torch.randn(POINTS, 16)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = attention(feature, CASES["random"])
    assert found.dtype == torch.bfloat16
    expected = attend(attention, feature, CASES["random"])
    assert (found.float() - expected).abs().max() < 2e-2 * expected.abs().max()


def test_chunks_of_pairs_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    leaves, pairs = inputs(1, 16, torch.float32), CASES["one window"]
    whole = results(FusedPairAttention, leaves, pairs)
    monkeypatch.setattr(fused_attention, "PAIRS_OF_CHUNK", 1)
    monkeypatch.setattr(fused_attention, "CHUNKS", 4)  # of 12 pairs but for the last, which is empty
    for one, other in zip(results(FusedPairAttention, leaves, pairs), whole):
        assert (one - other).abs().max() < 1e-5 * other.abs().max()


def test_nothing_that_grows_with_the_pairs_is_kept() -> None:
    pairs = CASES["one window"]
    out = FusedPairAttention.apply(pairs, *inputs(2, 1, torch.float32))
    assert sum(value.numel() == 2 * len(pairs.query) for value in out.grad_fn.saved_tensors) == 0


def test_plain_path_on_the_cpu_and_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_fused(torch.zeros(1))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(fused_attention.shutil, "which", {"gcc": "/usr/bin/gcc"}.get)
    assert fused_attention.kernels.__wrapped__() is not None
    monkeypatch.setattr(fused_attention.shutil, "which", {}.get)
    assert fused_attention.kernels.__wrapped__() is None


def test_kernels_compile_for_a_gpu(tmp_path: Path) -> None:
    """In a process of its own, as Triton compiles nothing in one that interprets."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TRITON_CACHE_DIR": str(tmp_path)}
    variables["TRITON_INTERPRET"] = "0"
    script = Path(__file__).with_name("compile_fused_kernels.py")
    done = subprocess.run([sys.executable, script], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compiled = dict(line.split() for line in done.stdout.splitlines())
    assert len(compiled) == 4
    assert all(int(size) > 1000 for size in compiled.values())
