"""What must be set before any test imports a package."""

from __future__ import annotations

import os

os.environ.setdefault("TRITON_INTERPRET", "1")  # Triton reads it as it is imported: kernels then run on the CPU
