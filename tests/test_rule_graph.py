"""docs/rule-graph.md draws the graphs that Snakemake draws."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.repositories import new_repository
from tests.fakes.studies import ROOT, configure, snakemake


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose commits are chosen, so that Snakemake knows all its jobs."""
    home = tmp_path_factory.mktemp("graph")
    project = new_repository(home / "project")
    project.commit("One")
    project.git("tag", "first")
    configure(home / "work", commits=["first"])
    done = snakemake(home / "work", "results/noise/control.json", "results/forecast.json")
    assert done.returncode == 0, done.stderr
    return home / "work"


def shown(heading: str) -> list[str]:
    """The arrows of the graph below a heading of the page."""
    text = (ROOT / "docs/rule-graph.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    (graph,) = re.findall(r"^```mermaid\nflowchart TB\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [line.strip() for line in graph.splitlines()]


def drawn(study: Path, *targets: str) -> list[str]:
    """The arrows of the graph that Snakemake draws, sorted."""
    printed = printed_by(study, "--rulegraph", "mermaid-js", "--", *targets)
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", printed))
    return sorted(f"{names[one]} --> {names[other]}" for one, other in re.findall(r"(id\d+) --> (id\d+)", printed))


def printed_by(study: Path, *arguments: str) -> str:
    """What a call of Snakemake without `--cores` prints on its standard output; it succeeds."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *arguments]
    done = subprocess.run(command, cwd=study, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_graph_of_the_plain_command_is_the_one_that_snakemake_draws(study: Path) -> None:
    assert shown("The plain command") == drawn(study, "all")


def test_the_graph_of_further_targets_is_the_one_that_snakemake_draws(study: Path) -> None:
    assert shown("Further targets") == drawn(study, "gate", "noise", "export")


@pytest.mark.parametrize("question", ["--dry-run", "--summary", "--list-rules", "--unlock", "--lint", "--report"])
def test_what_snakemake_tells_of_a_workflow_it_tells_without_cores(study: Path, question: str) -> None:
    printed_by(study, question, *(["report.html", "results/commits.tsv"] if question == "--report" else []))
