"""`ergit gate`: runs what is missing of a study, prints the verdict, and ends with a status of its own for each."""

import argparse
import os
import re
import sys
from pathlib import Path

from ergit.config.reading import config_in
from ergit.energy.choice import OPTION as ESTIMATE_OPTION
from ergit.errors import ErgitError
from ergit.gate import github
from ergit.gate.clone import (
    Prepared,
    config_of,
    default_place,
    has_uncommitted_changes,
    ignore_results,
    prepare,
    top_of_clone,
)
from ergit.records.gate import GateRecord, Verdict, read_gate
from ergit.reports.gate_page import ESTIMATED, sentence_of
from ergit.starting.command import study_status

TARGET = "gate_reports"
STATUS: dict[Verdict, int] = {"pass": 0, "fail": 3, "undecided": 4, "broken": 5, "not judged": 6}
"""1 is what every program ends with that could not do its work, 2 what wrong words on the command line do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit gate`."""
    parser.add_argument(
        "--base", metavar="BRANCH", help="in a clone of a project: judge its HEAD against where it left this branch"
    )
    parser.add_argument("--head", metavar="COMMIT", help="with --base: the commit to judge (default: HEAD)")
    parser.add_argument(
        "--configfile",
        type=Path,
        metavar="FILE",
        help="the config (default: with --base ergit.yaml or config/config.yaml at the top of the clone, else"
        " config/config.yaml in the study's folder)",
    )
    parser.add_argument(
        "--allow-estimate",
        action="store_true",
        help="with --base: on a machine without energy counters estimate energy from CPU time",
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="with --base: where studies and builds are kept (default: your cache)"
    )
    parser.add_argument(
        "--study", type=Path, metavar="DIR", help="without --base: the study's folder (default: the working directory)"
    )
    parser.add_argument(
        "--cores", type=cores, default="all", metavar="N", help="how many cores builds may use (default: all)"
    )


def cores(word: str) -> str:
    """A number of cores as Snakemake takes it, or `all`.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    if word != "all" and not re.fullmatch("[1-9][0-9]*", word):
        raise argparse.ArgumentTypeError(f"{word!r} is neither a number of cores nor `all`")
    return word


def run(asked: argparse.Namespace) -> None:
    """Prints the verdict and ends with its status.

    Raises:
        ErgitError: the words do not fit together, or there is no verdict.
    """
    top = None
    if asked.base is None:
        refuse_words(asked, "--base is missing", "head", "work", "allow_estimate")
        study: Path = asked.study or Path()
        if not study.is_dir():
            raise ErgitError(f"--study: there is no folder {study}.")
        if asked.configfile is None:
            config_in(
                study,
                "Name the study's folder with --study. In a clone of a project name the branch to compare with: `ergit"
                " gate --base BRANCH`.",
            )
        ignore_results(study)
        configs = [] if asked.configfile is None else [asked.configfile.resolve()]
    else:
        refuse_words(asked, "--base makes a study of its own", "study")
        top = top_of_clone(Path.cwd())
        prepared = _prepared(asked, top)
        study, configs = prepared.study, [*prepared.configs]
        os.environ[ESTIMATE_OPTION] = "--allow-estimate"
    results = study / "results"
    github.write_outputs(os.environ, results=str(results))
    words = ["--directory", str(study), "--cores", asked.cores]
    if configs:
        words += ["--configfile", *map(str, configs)]
    with github.without_commands(os.environ):
        if study_status([TARGET, *words]) != 0:
            sys.exit(f"ergit: gate: no verdict: the study did not finish. {study.absolute()} holds it, with all logs.")
        gate = read_gate(results / "gate.json")
        print("\n".join(told(gate, results)), flush=True)
    if github.is_github(os.environ):
        print(github.annotation(gate, top, os.environ), flush=True)
    github.write_summary((results / "gate.md").read_text(encoding="utf-8"), os.environ)
    github.write_outputs(os.environ, verdict=gate.verdict)
    sys.exit(0 if gate.passes else STATUS[gate.verdict])


def _prepared(asked: argparse.Namespace, top: Path) -> Prepared:
    """The study of a clone's two commits, ready to run."""
    if not asked.base:
        raise ErgitError(
            "--base is empty: name the branch to compare with. A CI server knows it for pull requests alone; on other"
            " events name one."
        )
    if asked.head is None and has_uncommitted_changes(top):
        print("ergit: gate: changes that are not committed are not judged.", file=sys.stderr, flush=True)
    config = config_of(top, asked.configfile)
    place = asked.work or default_place(top)
    return prepare(top, config, place, asked.base, asked.head or "HEAD", allow_estimate=asked.allow_estimate)


def refuse_words(asked: argparse.Namespace, why: str, *names: str) -> None:
    """Does nothing where none of these options is given.

    Raises:
        ErgitError: one is.
    """
    given = next((name for name in names if getattr(asked, name)), None)
    if given:
        raise ErgitError(f"--{given.replace('_', '-')} does not go with this call: {why}.")


def told(gate: GateRecord, results: Path) -> list[str]:
    """The verdict for a person, what it is worth, and where more is."""
    lines = [f"ergit: gate: {gate.verdict}: {sentence_of(gate)}"]
    if gate.kind == "estimated":
        lines.append(f"ergit: {ESTIMATED.replace('*', '')}")
    return [*lines, f"ergit: more in {results}/gate.md; readings, figures and logs are in that folder."]
