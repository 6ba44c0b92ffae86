"""The script by which a shell completes the words of `ergit`: `ergit completion`."""

import argparse
from pathlib import Path

import shtab


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit completion`."""
    parser.add_argument("shell", choices=("bash", "zsh"), help="the shell that is to complete them")


def run(options: argparse.Namespace) -> None:
    """Prints the script for that shell."""
    print(script(options.parser, options.shell))


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script that completes the words of a parser, paths where it takes paths."""
    for part in (parser, *subparsers(parser).values()):
        for action in part._actions:
            if action.type is Path:
                folders = action.metavar == "DIR"
                action.complete = shtab.DIRECTORY if folders else shtab.FILE  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell))


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by its name."""
    commands = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: part for action in commands for name, part in action.choices.items()}
