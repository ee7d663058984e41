"""The page of an environment, and the table of all rules."""

from __future__ import annotations

import sys
from typing import Sequence

from openworld3d.environment import fits, gpu, imports, surroundings
from openworld3d.environment.check import Report
from openworld3d.environment.finding import Finding, Rule
from openworld3d.environment.fits import build

RULES: list[Rule] = sorted(
    [*fits.RULES, *gpu.RULES, *imports.RULES, *surroundings.RULES], key=lambda rule: int(rule.key[1:])
)


def page(report: Report) -> str:
    """Return a report as Markdown."""
    lines = [f"# Environment {report.environment}", "", verdict(report), ""]
    lines += table(("what", "found"), facts(report))
    for title, findings in (
        ("What stops its jobs", report.stops),
        ("What to know", [finding for finding in report.findings if not finding.stops]),
    ):
        if findings:
            lines += [f"## {title}", ""]
            lines += table(("rule", "found", "what to do"), [describe(finding) for finding in findings])
    lines += ["## Packages", ""]
    lines += [", ".join(f"{name} {version}" for name, version in sorted(report.stack.versions.items()))]
    return "\n".join([*lines, ""])


def verdict(report: Report) -> str:
    """Return whether jobs may run, as a sentence."""
    if report.stops:
        return "**Not sound: its jobs may not run, those of other environments may.**"
    return "**Sound: its jobs may run.**"


def facts(report: Report) -> list[tuple[str, str]]:
    """Return the main facts of an environment as rows."""
    stack, driver = report.stack, report.driver
    rows = [("Python", f"{report.python}, {sys.executable}")]
    if report.segment_backend:
        built = f"{stack.versions.get('torch')}, built for {build(stack.torch_cuda)}" if stack.torch_cuda else "none"
        rows.append(("torch", built))
        rows.append(("segment backend", report.segment_backend))
        extensions = [f"{name}, built for {build(built)}" for name, built in sorted(stack.extension_cuda.items())]
        rows += [("extension", extension) for extension in extensions]
        rows.append(("driver", f"{driver.version or 'unknown'}" if driver.cuda else f"none ({driver.error})"))
        rows += [("GPU", "{}, compute capability {}.{}".format(gpu.name, *gpu.capability)) for gpu in driver.gpus]
    return rows


def describe(finding: Finding) -> tuple[str, str, str]:
    """Return a finding as a row."""
    return finding.key, finding.message, finding.remedy


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines] + [""]
