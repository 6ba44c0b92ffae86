"""What GitHub Actions shows of a verdict: an annotation, the summary of the job, and the outputs of the step.

Formats: docs.github.com, "Workflow commands for GitHub Actions".
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ergit.records.gate import GateRecord
from ergit.reports.gate_page import sentence_of


def is_github(environment: Mapping[str, str]) -> bool:
    """Whether this runs as a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


@contextmanager
def without_commands(environment: Mapping[str, str]) -> Iterator[None]:
    """Until its end nothing that is printed is a command to GitHub: a subject or a line of a build's could be one.

    After an error it stays so to the end of the step, since what failed is told last.
    """
    token = secrets.token_hex(16)
    if is_github(environment):
        print(f"::stop-commands::{token}", flush=True)
    yield
    if is_github(environment):
        print(f"::{token}::", flush=True)


def annotation(gate: GateRecord, top: Path | None, environment: Mapping[str, str]) -> str:
    """The workflow command that shows the verdict beside the code: at the first file that differs, where one is known.

    `top` is the top of the project's clone, if it is known.
    """
    level = "error" if not gate.passes else "notice" if gate.verdict == "pass" else "warning"
    properties = {"title": f"Energy gate: {gate.verdict}"}
    file = _first_file(gate)
    workspace = environment.get("GITHUB_WORKSPACE")
    if file and top and workspace and top.is_relative_to(workspace) and level != "notice":
        properties = {"file": str(top.relative_to(workspace) / file), **properties}
    listed = ",".join(f"{name}={_escaped(value, ':', ',')}" for name, value in properties.items())
    return f"::{level} {listed}::{_escaped(sentence_of(gate))}"


def _first_file(gate: GateRecord) -> str | None:
    """The file that is touched most often, one of the program before others."""
    if gate.differs is None:
        return None
    of_kind = {files.kind: files.files for files in gate.differs.files}
    return next((of_kind[kind][0] for kind in gate.differs.kinds if kind != "jdk" and of_kind.get(kind)), None)


def _escaped(text: str, *further: str) -> str:
    for letter in ("%", "\r", "\n", *further):
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def write_summary(page: str, environment: Mapping[str, str]) -> None:
    """Adds a page of Markdown to the summary of the job."""
    _append(environment.get("GITHUB_STEP_SUMMARY"), page)


def write_outputs(environment: Mapping[str, str], **values: str) -> None:
    """Sets outputs of the step."""
    _append(environment.get("GITHUB_OUTPUT"), "".join(f"{name}={value}\n" for name, value in values.items()))


def _append(file: str | None, text: str) -> None:
    if file:
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(text)
