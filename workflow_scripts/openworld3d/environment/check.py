"""Check one environment against every rule, in its own interpreter."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from typing import Any

from openworld3d.environment.finding import Finding
from openworld3d.environment.fits import misfits
from openworld3d.environment.gpu import Driver, read_driver, unfit_gpus
from openworld3d.environment.imports import BLIND_TORCH, failed_imports, gpus_of_torch, unmet_requirements
from openworld3d.environment.installed import EXTENSIONS, installed_stack, module_folder
from openworld3d.environment.requirements import Requirements
from openworld3d.environment.stack import CPU, Stack
from openworld3d.environment.surroundings import copied_cudnn, modules_of_elsewhere, unfit_compilers


@dataclass(frozen=True)
class Report:
    """What is installed in an environment, and what is wrong with it."""

    environment: str
    requirements: Requirements
    python: str
    stack: Stack
    driver: Driver
    torch_gpus: list[str]
    findings: list[Finding]

    @property
    def stops(self) -> list[Finding]:
        """Return the findings that keep jobs from running."""
        return [finding for finding in self.findings if finding.stops]

    @property
    def segment_backend(self) -> str | None:
        """Return the package that reduces over segments, None where no network runs."""
        if "torch" not in self.requirements.modules:
            return None
        return "torch-scatter" if "torch_scatter" in self.stack.extension_cuda else "torch"

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON, the same from one check to the next."""
        return {
            "environment": self.environment,
            "python": self.python,
            "packages": self.stack.versions,
            "torch_cuda": self.stack.torch_cuda,
            "extension_cuda": self.stack.extension_cuda,
            "segment_backend": self.segment_backend,
            "driver": self.driver.as_json(),
            "torch_gpus": self.torch_gpus,
            "findings": [asdict(finding) for finding in self.findings],
        }


def check(environment: str, requirements: Requirements) -> Report:
    """Check files and the driver first; import packages only where nothing found so far stops jobs."""
    stack, driver = installed_stack(), read_driver()
    findings = [
        *misfits(stack, requirements),
        *modules_of_elsewhere(requirements.modules),
        *unmet_requirements(requirements.modules),
        *copied_cudnn(stack),
        *unfit_compilers(stack),
    ]
    if requirements.cuda and stack.torch_cuda not in (None, CPU):
        findings += unfit_gpus(driver, str(stack.torch_cuda))
    torch_gpus: list[str] = []
    if not any(finding.stops for finding in findings):
        extensions = tuple(name for name in EXTENSIONS if module_folder(name))
        findings += failed_imports((*requirements.modules, *extensions))
        if "torch" in requirements.modules and not any(finding.stops for finding in findings):
            torch_gpus, said = gpus_of_torch()
            if requirements.cuda and not torch_gpus:
                names = ", ".join(gpu.name for gpu in driver.gpus)
                findings.append(BLIND_TORCH.finding(gpus=names, error=said))
    return Report(environment, requirements, platform.python_version(), stack, driver, torch_gpus, findings)
