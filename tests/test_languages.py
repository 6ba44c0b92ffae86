"""Projects in C and in Python are studied by config alone: no stage, nothing but a compiler or Python itself."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.needs import needs_gcc
from tests.fakes.repositories import new_repository
from tests.fakes.studies import configure, snakemake, table

C = """#include <stdio.h>
#include "sum.h"
int main(void) {{ printf("%.0f\\n", sum_of({loops})); return {status}; }}
"""
C_SUM = "double sum_of(int n) { volatile double sum = 0; for (int i = 0; i < n; i++) sum += i; return sum; }\n"
C_CONFIG = {
    "build__commands": ["gcc -O2 -o program main.c sum.c"],
    "build__keep": ["program"],
    "workload__command": "./program",
}
PYTHON = "def total(n):\n    return sum(i % 7 for i in range(n))\n\n\nprint(total({loops}))\n"
PYTHON_CONFIG = {
    "build__commands": ["python3 -m compileall -q --invalidation-mode checked-hash program.py"],
    "build__keep": ["program.py", "__pycache__"],
    "workload__command": "python3 -c 'import program'",
    "workload__environment": {"PYTHONPATH": "."},
}
ONCE = {"measure__rounds": 1, "measure__repeats": 2, "measure__warmup": 0}


def studied(home: Path, history: Mapping[str, Mapping[str, str]], config: Mapping[str, object]) -> Path:
    """The working directory of a finished study of commits, given as their subjects and files."""
    project = new_repository(home / "project")
    for subject, files in history.items():
        project.commit(subject, **files)
    configure(home / "work", commits={"granularity": "commits"}, **config, **ONCE)
    done = snakemake(home / "work")
    assert done.returncode == 0, done.stderr + done.stdout
    return home / "work"


def outcomes(study: Path) -> dict[str, str]:
    """How each commit ended, by its subject."""
    return {row["subject"]: row["status"] for row in table(study)}


def cpu_seconds(study: Path, subject: str) -> float:
    """The least CPU time of a commit's readings."""
    return min(float(row["cpu_seconds"]) for row in table(study) if row["subject"] == subject)


def reason_of(study: Path, subject: str) -> str:
    """Why a commit has no reading."""
    commit = next(row["commit"] for row in table(study) if row["subject"] == subject)
    reason = json.loads((study / f"results/build/{commit}.json").read_text(encoding="utf-8"))["reason"]
    assert isinstance(reason, str)
    return reason


@needs_gcc
def test_a_project_in_c(tmp_path: Path) -> None:
    history = {
        "Sum": {"main__c": C.format(loops=1_000_000, status=0), "sum__c": C_SUM, "sum__h": "double sum_of(int n);\n"},
        "No semicolon": {"sum__c": C_SUM.replace("= 0;", "= 0")},
        "Forty times the work": {"sum__c": C_SUM, "main__c": C.format(loops=40_000_000, status=0)},
        "A wrong status": {"main__c": C.format(loops=1, status=4)},
    }
    study = studied(tmp_path, history, C_CONFIG)
    assert list(outcomes(study).values()) == ["ok", "build-failed", "ok", "failed"]
    assert "sum.c:1: error: expected" in reason_of(study, "No semicolon")
    assert cpu_seconds(study, "Forty times the work") > 5 * cpu_seconds(study, "Sum")


def test_a_project_in_python(tmp_path: Path) -> None:
    history = {
        "Python 2": {"program__py": "print 'hello'\n"},
        "Python 3": {"program__py": PYTHON.format(loops=10)},
        "Much more work": {"program__py": PYTHON.format(loops=3_000_000)},
        "A name that is not there": {"program__py": "print(unicode('hello'))\n"},
    }
    study = studied(tmp_path, history, PYTHON_CONFIG)
    assert list(outcomes(study).values()) == ["build-failed", "ok", "ok", "failed"]
    assert "SyntaxError: Missing parentheses" in reason_of(study, "Python 2")
    assert cpu_seconds(study, "Much more work") > cpu_seconds(study, "Python 3") + 0.05
    last = table(study)[-1]
    assert last["subject"] == "A name that is not there"
    assert last["reason"] == "the workload ended with status 1: NameError: name 'unicode' is not defined"
