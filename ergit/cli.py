"""The command `ergit`: what a person calls beside Snakemake."""

import argparse
import os
import signal
import sys
from collections.abc import Collection, Iterable, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from ergit import __version__
from ergit.errors import ErgitError


class Command(NamedTuple):
    """One command; its module, which is imported only when it is called, has `add_arguments` and `run`."""

    name: str
    module: str
    summary: str
    description: str
    examples: tuple[str, ...]


COMMANDS = (
    Command(
        "run",
        "ergit.starting.command",
        "run a study, or go on with it",
        "Runs the study of this folder with Snakemake, on all cores, as profiles/ergit of ergit's own folder says. All"
        " words after `run` are options and targets of Snakemake (snakemake --help). The same command goes on after"
        " Ctrl-C, a kill or a power cut. Ends with status 0 where all was done, 1 where something failed or it was"
        " interrupted, and 2 for wrong words. `--list-target-rules` lists the targets. More in docs/scale.md.",
        ("ergit run", "ergit run -n", "ergit run --configfile parser.yaml --directory ~/studies/parser"),
    ),
    Command(
        "gate",
        "ergit.gate.command",
        "say whether the energy grew, in CI or before a push",
        "With --base, in a clone of a project: builds and measures its HEAD and the commit where it left that branch,"
        " in turns, as ergit.yaml says; nothing is written into the clone. Without --base: judges the study of this"
        " folder. Ends with status 0: pass; 3: fail, the energy grew; 4: undecided; 5: broken, the commit does not"
        " build or its workload fails; 6: not judged; 1: an error, no verdict; 2: wrong words. More in docs/gate.md.",
        ("ergit gate --base main", "ergit gate --base main --allow-estimate", "ergit gate --study ~/studies/parser"),
    ),
    Command(
        "doctor",
        "ergit.machine.doctor.report",
        "say what this machine can measure, and what to fix",
        "Looks for energy counters, checks the machine's settings and what else runs, and says what each finding means"
        " and how to fix it. Changes nothing. Ends with status 1 if the study cannot be measured here. More in"
        " docs/machine.md.",
        ("ergit doctor", "ergit doctor --study ~/studies/parser", "ergit doctor --configfile parser.yaml"),
    ),
    Command(
        "prepare",
        "ergit.machine.prepare.command",
        "prepare this machine for measuring, and undo that",
        "Shows, applies and takes back settings of the machine that make readings steadier, and the right to read its"
        " counters. `show` changes nothing;"
        " `apply` and `restore` need root; `restore` works after a reboot too. More in docs/machine.md.",
        (
            "ergit prepare show",
            "sudo $(command -v ergit) prepare apply --governor performance --no-turbo",
            "sudo $(command -v ergit) prepare apply --rights powercap",
            "sudo $(command -v ergit) prepare restore",
        ),
    ),
    Command(
        "watch",
        "ergit.live.watch",
        "show what a running study does, and how far it is",
        "Shows how far a run is, what it does now and waits for, what failed and which readings are flagged, and the"
        " last readings; until the run ends, or Ctrl-C. Works from another terminal and another login, and takes next"
        " to no CPU time. More in docs/live.md.",
        ("ergit watch", "ergit watch --study ~/studies/parser", "ergit watch --once"),
    ),
    Command(
        "stop",
        "ergit.planning.requests",
        "end a running study after the readings of this moment",
        "Ends a study that runs, in this terminal or another, when the commit that is being measured has its readings."
        " The same command continues it. More in docs/plan.md.",
        ("ergit stop", "ergit stop --study ~/studies/parser"),
    ),
    Command(
        "pause",
        "ergit.planning.requests",
        "let a study build and measure nothing until `ergit resume`",
        "Holds a study that runs, or that is started later, also after a restart of the machine: what runs now is"
        " finished, and nothing is built or measured until `ergit resume`. More in docs/plan.md.",
        ("ergit pause", "ergit pause --study ~/studies/parser"),
    ),
    Command(
        "resume",
        "ergit.planning.requests",
        "take back `ergit pause` or `ergit stop`",
        "Lets a study go on that was asked to pause. More in docs/plan.md.",
        ("ergit resume", "ergit resume --study ~/studies/parser"),
    ),
    Command(
        "forecast",
        "ergit.forecast.command",
        "say what a study will take, and what it can detect",
        "Prints what is left to build and to measure, the time, disk and energy that takes as far as records tell, and"
        " the smallest change that the study can detect then. The commits must be chosen. Measures nothing. More in"
        " docs/forecast.md.",
        ("ergit forecast", "ergit forecast --study ~/studies/parser"),
    ),
    Command(
        "compare",
        "ergit.reports.compare",
        "compare the energy of two commits, or of two studies",
        "Compares the readings of two commits of a study, or of two studies commit by commit. Measures nothing. More in"
        " docs/import-export.md.",
        ("ergit compare v1.0 v1.1", "ergit compare v1.0 v1.1 --study ~/studies/parser", "ergit compare before after"),
    ),
    Command(
        "figure",
        "ergit.reports.figure",
        "draw a figure of a study, for a page or a column",
        "Draws one figure of the results of a study as SVG, PDF or PNG. KIND is evolution, distribution, cusum or"
        " conditions, for all commits or a range of them; or compare, ecdf, qq or shift, for the commits named."
        " Measures nothing. More in docs/figures.md.",
        (
            "ergit figure evolution v1.0..v2.0 --size column --output evolution.pdf",
            "ergit figure compare v1.0 v1.1",
            "ergit figure conditions --study ~/studies/parser --format png",
        ),
    ),
    Command(
        "changes",
        "ergit.analysis.runs",
        "find the changes in a list of runs",
        "Reads a CSV file of lines `commit,joules`, oldest commit first and without a header, and writes the commits"
        " that changed the energy as JSON. Needs no study. More in docs/decision.md.",
        ("ergit changes runs.csv changes.json",),
    ),
    Command(
        "new-stage",
        "ergit.plugins.new",
        "write the beginnings of a stage of your own, with its test",
        "Writes modules/NAME.py into the study's folder, a stage that works and does next to nothing, and its test."
        " More in docs/stages.md.",
        ("ergit new-stage licence_check", "ergit new-stage database --kind batch --study ~/studies/parser"),
    ),
    Command(
        "migrate-config",
        "ergit.config.migrate",
        "rename the old keys of a config",
        "Gives the keys that have another name since an older version of ergit their new name, and changes nothing else"
        " in the file. Prints each. docs/config.md lists all keys.",
        ("ergit migrate-config config/config.yaml", "ergit migrate-config --check config/config.yaml"),
    ),
    Command(
        "completion",
        "ergit.completion",
        "print a script that completes these words in your shell",
        "Prints the script by which bash or zsh completes the words of `ergit`. The examples install it; make the"
        " folder first if it is missing.",
        (
            "ergit completion bash > ~/.local/share/bash-completion/completions/ergit",
            "ergit completion zsh > ~/.zfunc/_ergit # with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc",
        ),
    ),
)

ROOT = Path(__file__).parents[1]
DESCRIPTION = f"""\
Finds the commits that changed how much energy a program uses.

`ergit run`, in the study's folder, runs the study as its config/config.yaml says. So does Snakemake itself:
  snakemake --snakefile {ROOT}/Snakefile --cores 8 --resources rapl=1
The other commands below help with it."""
DOCUMENTS = f"Each command explains itself: ergit COMMAND --help. The rest is in {ROOT}/README.md and docs/."


def main(words: Sequence[str] | None = None) -> None:
    """Runs the command that the words ask for; prints an error as one sentence and ends with status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter is no error
    try:
        try:
            run(sys.argv[1:] if words is None else words)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except ErgitError as error:
        sys.exit(f"ergit: {error}")
    except BrokenPipeError:  # as in `ergit compare a b | head`
        _discard_output()
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        _discard_output()
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"ergit: {where}{error.strerror or error}.")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _discard_output() -> None:
    """What could not be written is not tried again when Python ends."""
    if sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(words: Sequence[str]) -> None:
    """Runs the command that the words ask for; wrong words end the program with status 2."""
    named = next((word for word in words if not word.startswith("-")), None)
    parser = parser_for([command.name for command in COMMANDS] if named == "completion" else [named])
    own, others = words, list[str]()
    if named == "run" and {"-h", "--help"}.isdisjoint(words):  # what follows is for Snakemake
        after = words.index(named) + 1
        own, others = words[:after], [*words[after:]]
    options, unknown = parser.parse_known_args(own)
    if unknown:  # argparse itself would show the usage of `ergit`, which says nothing of a command's words
        options.part.error(f"unrecognized arguments: {' '.join(unknown)}")
    options.parser, options.others = parser, others
    options.run(options)


def parser_for(names: Collection[str | None]) -> argparse.ArgumentParser:
    """The parser of `ergit`; it knows the words of the commands of these names, and imports these alone."""
    parser = argparse.ArgumentParser(
        prog="ergit",
        description=DESCRIPTION,
        epilog=_examples(command.examples[0] for command in COMMANDS) + f"\n\n{DOCUMENTS}",
        allow_abbrev=False,
        formatter_class=HelpPage,
    )
    parser.add_argument("--version", action="version", version=f"ergit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        part = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            epilog=_examples(command.examples),
            allow_abbrev=False,
            formatter_class=HelpPage,
        )
        if command.name in names:
            module = import_module(command.module)
            module.add_arguments(part)
            part.set_defaults(run=module.run, command=command.name, part=part)
    return parser


def _examples(lines: Iterable[str]) -> str:
    return "\n  ".join(["examples:", *lines])


class HelpPage(argparse.HelpFormatter):
    """Fills the paragraphs of a page, and leaves those of several lines as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = 18  # room for the longest name of a command

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


if __name__ == "__main__":
    main()
