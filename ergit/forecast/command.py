"""Says what a study will take, before anything is spent: `ergit forecast`, and the program of the checkpoint."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ergit.config.handover import received
from ergit.config.reading import config_in, read_config
from ergit.config.settings import ChangeSettings
from ergit.disk import explain_write_error
from ergit.errors import ErgitError, exit_on_user_error
from ergit.forecast.forecast import forecast, study_settings
from ergit.forecast.page import lines
from ergit.records.forecast import write_forecast
from ergit.records.record import to_json
from ergit.terminal import show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit forecast`."""
    parser.add_argument(
        "--study", type=Path, default=Path(), metavar="DIR", help="the study's folder (default: the working directory)"
    )
    parser.add_argument(
        "--configfile", type=Path, metavar="FILE", help="the study's config (default: config/config.yaml in its folder)"
    )
    parser.add_argument("--json", action="store_true", help="all numbers, as JSON")


def run(asked: argparse.Namespace) -> None:
    """Prints the forecast.

    Raises:
        ErgitError: there is no config, it is wrong, or the commits are not chosen yet.
    """
    remedy = "Name the study's folder with --study or its config with --configfile."
    settings = read_config(asked.configfile or config_in(asked.study, remedy))
    if settings.imported:
        raise ErgitError("There is nothing to forecast: readings are imported, so nothing is built or measured.")
    results: Path = asked.study / "results"
    if not (results / "commits.tsv").exists():
        raise ErgitError(
            f"There is no {results / 'commits.tsv'} yet: the commits are not chosen. `ergit run --until"
            " forecast` chooses them and prints the forecast; it builds and measures nothing."
        )
    record = forecast(results, study_settings(settings, settings.changes))
    print(to_json(record).rstrip() if asked.json else "\n".join(lines(record, results)))


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of the checkpoint `forecast`."""
    parser = argparse.ArgumentParser(prog="python3 -P -m ergit.forecast.command", description=__doc__)
    parser.add_argument("--settings", required=True, help="the environment variable that holds the study's settings")
    parser.add_argument("--changes", required=True, help="the part `changes` of the config, as JSON")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--progress", type=int, help="a file descriptor that also gets the lines for a person")
    options = parser.parse_args(arguments)
    output: Path = options.output
    with exit_on_user_error(), explain_write_error(output):
        settings, changes = received(options.settings), msgspec.json.decode(options.changes, type=ChangeSettings)
        record = forecast(output.parent, study_settings(settings, changes))
        write_forecast(output, record)
        text = "\n".join(lines(record, output.parent))
        print(text, file=sys.stderr)
        show(options.progress, f"{text}\n")


if __name__ == "__main__":
    main()
