from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.saved_outputs.arrays import axes_of, read_array


@pytest.mark.parametrize("ending", ["npy", "txt"])
@pytest.mark.parametrize("shape", [(4,), (4, 3), (1,), (0,)])
def test_numbers_come_back_to_the_last_bit(tmp_path: Path, ending: str, shape: tuple[int, ...]) -> None:
    array, file = np.random.default_rng(0).normal(0, 1e-300, shape), tmp_path / f"a.{ending}"
    (np.save if ending == "npy" else np.savetxt)(file, array)
    read = read_array(file)
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, array)
    if array.size:
        assert axes_of(file) == len(shape)


@pytest.mark.parametrize(
    ("name", "saved_with"), [("a.npy", "numpy.save, without pickle"), ("a.txt", "numpy.savetxt")]
)
@pytest.mark.parametrize("content", [b"words and words", b"PK\x03\x04", b"1 2\n3\n"])
def test_file_without_an_array_is_told(tmp_path: Path, name: str, saved_with: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name}: is not an array of numbers; save it with {saved_with}"):
        read_array(tmp_path / name)


def test_pickle_is_not_run(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(UserError, match="without pickle"):
        read_array(tmp_path / "a.npy")
    assert axes_of(tmp_path / "a.npy") is None
