"""A runner of composite actions: their `run:` steps, as GitHub runs them; `uses:` steps are left out."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


@dataclass
class Runner:
    """One job: what its steps have printed, and the summary and outputs that they have set.

    `contexts` holds the values of expressions (`github.base_ref`); one that it has not is an error of the test.
    """

    action: Path
    folder: Path
    workspace: Path
    contexts: dict[str, str]
    environment: Mapping[str, str]
    printed: str = ""
    ran: list[str] = field(default_factory=list)

    def run(self) -> int:
        """The status of the job, whose steps after a failed one run only where they say so."""
        content = yaml.safe_load(self.action.read_text(encoding="utf-8"))
        for name, given in content["inputs"].items():
            self.contexts.setdefault(f"inputs.{name}", given["default"])
        status = 0
        for step in content["runs"]["steps"]:
            is_wanted = self._holds(step.get("if", "success()"), status)
            if "run" in step and is_wanted:
                status = self._step(step) or status
        return status

    def value(self, text: str) -> str:
        """A text with its expressions evaluated: names of contexts, and the first of `a || b` that is not empty."""
        return EXPRESSION.sub(lambda found: self._first(found[1]), text)

    @property
    def summary(self) -> str:
        """The summary of the job."""
        path = self.folder / "summary"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _first(self, expression: str) -> str:
        values = [self.contexts[name.strip()] for name in expression.split("||")]
        return next(filter(None, values), "")

    def _holds(self, condition: str, status: int) -> bool:
        terms = [term.strip() for term in condition.split("&&")]
        return all(self._term(term, status) for term in terms) and (status == 0 or "always()" in terms)

    def _term(self, term: str, status: int) -> bool:
        if term in ("always()", "success()"):
            return term == "always()" or status == 0
        name, operator, text = re.fullmatch(r"(\S+) (!=) '(.*)'", term).groups()  # type: ignore[union-attr]
        return operator == "!=" and self.contexts.get(name, "") != text

    def _step(self, step: dict[str, Any]) -> int:
        outputs = self.folder / "output"
        outputs.write_text("", encoding="utf-8")
        given = {name: self.value(text) for name, text in step.get("env", {}).items()}
        files = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(self.folder / "summary")}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.workspace / self.value(step.get("working-directory", ".")),
            env={**os.environ, **self.environment, **files, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        self.printed += done.stdout
        self.ran.append(step["run"])
        for line in outputs.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            self.contexts[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode
