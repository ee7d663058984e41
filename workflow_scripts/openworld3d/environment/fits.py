"""Rules that depend on versions alone, for an installed environment and for a file of envs/ alike."""

from __future__ import annotations

from typing import Iterator

from openworld3d.environment.finding import Finding, Rule
from openworld3d.environment.requirements import CUDA_OF_TODAY, Requirements
from openworld3d.environment.stack import CPU, Stack

PYTHON = Rule(
    "E3",
    "Python {python} cannot run torch {torch}, which has builds for Python 3.6 to 3.9",
    "create the environment again with python=3.8",
)
TORCH_BUILD = Rule(
    "E4",
    "torch {torch} is built for {found}, expected CUDA {expected}",
    "run snakemake with --sdm conda, or install the very build that envs/ names: PyPI's torch 1.8 to 1.10 is built "
    "for CUDA 10.2, and a bare conda version, cpuonly or pytorch-mutex=*=cpu gives a CPU build",
)
EXTENSION_BUILD = Rule(
    "E7",
    "{extension} is built for {found}, torch {torch} for {expected}",
    "install both from one channel with their build strings, or by pip with an exact version and --only-binary :all: "
    "from the index of this torch and CUDA: a version that has no such build is compiled with whatever CUDA is there",
)
EXTENSION_VERSION = Rule(
    "E7",
    "torch-scatter {scatter} does not compile on torch {torch}",
    "take torch-scatter 2.0.8 with torch 1.8; 2.1.2 needs torch 1.11 or newer",
)
NO_SEGMENTS = Rule(
    "E7",
    "torch {torch} has no scatter_reduce, and torch-scatter, which has its own, is not installed",
    "install torch-scatter 2.0.8 beside torch 1.8, or torch 1.12 or newer",
)
NUMPY_2 = Rule(
    "E12",
    "numpy {numpy} has another binary interface than the one torch {torch} was compiled with",
    "pin numpy=1.21.6: torch before 2.3 needs numpy below 2",
)
NUMPY_1_24 = Rule(
    "E12",
    "numpy {numpy} has no np.int, np.bool and np.float, which code of the time of torch {torch} uses",
    "pin numpy=1.21.6, or anything below 1.24",
    stops=False,
)
SETUPTOOLS = Rule(
    "E13",
    "setuptools {setuptools} breaks TensorBoard in torch {torch}: module 'distutils' has no attribute 'version'",
    "pin setuptools=59.5.0",
    stops=False,
)
PROTOBUF = Rule(
    "E13",
    "protobuf {protobuf} breaks TensorBoard {tensorboard}: Descriptors cannot be created directly",
    "pin protobuf=3.20.3",
    stops=False,
)
MKL = Rule(
    "E14",
    "mkl {mkl} lacks what conda's torch {torch} looks for: libtorch_cpu.so: undefined symbol: iJIT_NotifyEvent",
    "pin mkl=2021.4, or anything below 2024.1",
)
SPCONV = Rule(
    "E16",
    "spconv {spconv} has the interface of 1.x, which this project does not use",
    "pin spconv-cu111=2.1.25",
)
UNSAFE_CHECKPOINTS = Rule(
    "E17",
    "torch {torch} may run code of a checkpoint that it reads, expected torch 2.6 or newer",
    "run snakemake with --sdm conda, or install torch 2.6 or newer",
)
RULES = [
    PYTHON,
    TORCH_BUILD,
    EXTENSION_BUILD,
    EXTENSION_VERSION,
    NO_SEGMENTS,
    NUMPY_2,
    NUMPY_1_24,
    SETUPTOOLS,
    PROTOBUF,
    MKL,
    SPCONV,
    UNSAFE_CHECKPOINTS,
]


def misfits(stack: Stack, requirements: Requirements) -> Iterator[Finding]:
    """Yield the versions that do not fit together."""
    if "torch" in requirements.modules and "torch" in stack.versions:
        yield from misfits_of_torch(stack)
        yield from misfits_of_cuda(stack, requirements)
        yield from misfits_of_tensorboard(stack)
        if requirements.reads_checkpoints and stack.release("torch") < (2, 6):
            yield UNSAFE_CHECKPOINTS.finding(torch=stack.versions["torch"])
    for name, version in stack.versions.items():
        if name.startswith("spconv") and stack.release(name) < (2,):
            yield SPCONV.finding(spconv=version)


def misfits_of_torch(stack: Stack) -> Iterator[Finding]:
    """Yield the versions that this torch cannot run with."""
    versions, torch = stack.versions, stack.release("torch")
    if torch < (1, 11) and stack.python > (3, 9):
        yield PYTHON.finding(python="{}.{}".format(*stack.python), torch=versions["torch"])
    if torch < (2, 3) and stack.release("numpy") >= (2,):
        yield NUMPY_2.finding(numpy=versions["numpy"], torch=versions["torch"])
    elif torch < (1, 13) and stack.release("numpy") >= (1, 24):
        yield NUMPY_1_24.finding(numpy=versions["numpy"], torch=versions["torch"])
    if torch < (2, 3) and stack.release("mkl") >= (2024, 1):
        yield MKL.finding(mkl=versions["mkl"], torch=versions["torch"])
    if torch < (1, 11) and stack.release("torch-scatter") >= (2, 1, 2):
        yield EXTENSION_VERSION.finding(scatter=versions["torch-scatter"], torch=versions["torch"])
    if torch < (1, 12) and "torch-scatter" not in versions and not stack.extension_cuda:
        yield NO_SEGMENTS.finding(torch=versions["torch"])


def misfits_of_cuda(stack: Stack, requirements: Requirements) -> Iterator[Finding]:
    """Yield builds of torch and of its extensions for another CUDA than required."""
    assert stack.torch_cuda is not None
    if not is_cuda(stack.torch_cuda, requirements.cuda):
        yield TORCH_BUILD.finding(
            torch=stack.versions["torch"], found=build(stack.torch_cuda), expected=requirements.cuda
        )
    for extension, cuda in sorted(stack.extension_cuda.items()):
        if cuda == CPU and requirements.cuda is None:
            continue
        # A file says 11.1 or just 11: what both say must agree.
        shared = min(cuda.count("."), stack.torch_cuda.count(".")) + 1
        if cuda.split(".")[:shared] != stack.torch_cuda.split(".")[:shared]:
            yield EXTENSION_BUILD.finding(
                extension=extension,
                found=build(cuda),
                torch=stack.versions["torch"],
                expected=build(stack.torch_cuda),
            )


def is_cuda(found: str, expected: str | None) -> bool:
    """Return whether torch's CUDA meets a requirement: any where no GPU is needed, 12 or newer for current GPUs."""
    if expected is None:
        return True
    if expected == CUDA_OF_TODAY:
        return found != CPU and int(found.split(".")[0]) >= 12
    return found == expected


def build(cuda: str) -> str:
    """Name the target of a build."""
    return "the CPU only" if cuda == CPU else f"CUDA {cuda}"


def misfits_of_tensorboard(stack: Stack) -> Iterator[Finding]:
    """Yield the versions that break the TensorBoard writer, where TensorBoard is installed."""
    versions = stack.versions
    if "tensorboard" not in versions:
        return
    if (1, 9) <= stack.release("torch") < (1, 11) and stack.release("setuptools") > (59, 5, 0):
        yield SETUPTOOLS.finding(setuptools=versions["setuptools"], torch=versions["torch"])
    if stack.release("tensorboard") < (2, 9) and stack.release("protobuf") >= (3, 21):
        yield PROTOBUF.finding(protobuf=versions["protobuf"], tensorboard=versions["tensorboard"])
