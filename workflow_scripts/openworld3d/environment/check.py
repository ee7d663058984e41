"""Ask every rule of one environment, in its own interpreter."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from typing import Any

from openworld3d.environment.gpu import Driver, read_driver, unfit_cards
from openworld3d.environment.finding import Finding
from openworld3d.environment.fits import misfits
from openworld3d.environment.imports import BLIND_TORCH, cards_of_torch, failed_imports, unmet_requirements
from openworld3d.environment.installed import EXTENSIONS, installed_stack, module_folder
from openworld3d.environment.stack import CPU, Stack
from openworld3d.environment.surroundings import copied_cudnn, modules_of_elsewhere, unfit_compilers
from openworld3d.environment.requirements import Wanted


@dataclass(frozen=True)
class Report:
    """What an environment holds, and what is wrong with it."""

    environment: str
    wanted: Wanted
    python: str
    stack: Stack
    driver: Driver
    torch_cards: list[str]
    findings: list[Finding]

    @property
    def stops(self) -> list[Finding]:
        """Return the findings with which no job may run."""
        return [finding for finding in self.findings if finding.stops]

    @property
    def segment_backend(self) -> str | None:
        """Return what sums over segments, None where no network runs."""
        if "torch" not in self.wanted.modules:
            return None
        return "torch-scatter" if "torch_scatter" in self.stack.extension_cuda else "torch"

    def as_json(self) -> dict[str, Any]:
        """Return the report without anything that changes from one check to the next."""
        return {
            "environment": self.environment,
            "python": self.python,
            "packages": self.stack.versions,
            "torch_cuda": self.stack.torch_cuda,
            "extension_cuda": self.stack.extension_cuda,
            "segment_backend": self.segment_backend,
            "driver": self.driver.as_json(),
            "torch_cards": self.torch_cards,
            "findings": [asdict(finding) for finding in self.findings],
        }


def check(environment: str, wanted: Wanted) -> Report:
    """Look at files and the driver first; import packages only where nothing found so far would stop them."""
    stack, driver = installed_stack(), read_driver()
    findings = [
        *misfits(stack, wanted),
        *modules_of_elsewhere(wanted.modules),
        *unmet_requirements(wanted.modules),
        *copied_cudnn(stack),
        *unfit_compilers(stack),
    ]
    if wanted.cuda and stack.torch_cuda not in (None, CPU):
        findings += unfit_cards(driver, str(stack.torch_cuda))
    torch_cards: list[str] = []
    if not any(finding.stops for finding in findings):
        extensions = tuple(name for name in EXTENSIONS if module_folder(name))
        findings += failed_imports((*wanted.modules, *extensions))
        if "torch" in wanted.modules and not any(finding.stops for finding in findings):
            torch_cards, said = cards_of_torch()
            if wanted.cuda and not torch_cards:
                names = ", ".join(card.name for card in driver.cards)
                findings.append(BLIND_TORCH.finding(cards=names, error=said))
    return Report(environment, wanted, platform.python_version(), stack, driver, torch_cards, findings)
