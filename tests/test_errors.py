from __future__ import annotations

import errno

import numpy as np
import pytest
import torch

from openworld3d.errors import UserError, nearest, run_command


@pytest.mark.parametrize(("word", "answer"), [("soffa", ", did you mean sofa"), ("xyz", "")])
def test_nearest(word: str, answer: str) -> None:
    assert nearest(word, ["sofa", "chair"]) == answer


def mistake() -> None:
    raise UserError("scan.bin: is truncated")


def too_large_for_torch() -> None:
    torch.empty(2**50, dtype=torch.float32)


def too_large_for_numpy() -> None:
    np.empty(2**50, np.float32)


def too_large_for_a_card() -> None:
    raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB\nsee the documentation")


def link_that_leads_to_itself() -> None:
    raise OSError(errno.ELOOP, "Too many levels of symbolic links", "raw/scan.bin")


def folder_that_must_not_be_written() -> None:
    raise PermissionError(errno.EACCES, "Permission denied", "results")


def too_large_for_the_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "history.csv")


@pytest.mark.parametrize(
    ("main", "sentence"),
    [
        (mistake, "error: scan.bin: is truncated\n"),
        (too_large_for_the_disk, "error: history.csv: No space left on device; free some space and run again\n"),
        (
            link_that_leads_to_itself,
            "error: raw/scan.bin: Too many levels of symbolic links; replace the symbolic link by its target\n",
        ),
        (
            folder_that_must_not_be_written,
            "error: results: Permission denied; fix its permissions, or",
        ),
        (too_large_for_torch, "error: out of memory ("),
        (too_large_for_numpy, "error: out of memory ("),
        (
            too_large_for_a_card,
            "error: out of memory (CUDA out of memory. Tried to allocate 20.00 GiB); lower crop_",
        ),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(
    main: object, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        run_command(main)  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.count("\n") == 1


@pytest.mark.parametrize("error", [RuntimeError("shapes do not fit"), FileNotFoundError(errno.ENOENT, "shapes")])
def test_other_errors_keep_their_traceback(error: Exception) -> None:
    def bug() -> None:
        raise error

    with pytest.raises(type(error), match="shapes"):
        run_command(bug)


def test_command_without_an_error_goes_on() -> None:
    run_command(lambda: None)
