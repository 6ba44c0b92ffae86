"""`ergit stop`, `ergit pause` and `ergit resume`: what a person asks of a study that runs, from any terminal."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from ergit.errors import ErgitError
from ergit.records.requests import PAUSE, STOP, Request, read_request, write_request
from ergit.same_failures import HOPELESS

STOPPED = "asked this study to stop"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the three commands."""
    parser.add_argument("--study", type=Path, default=Path(), help="the study's folder; this one if left out")
    parser.add_argument("--results", default="results", help="its folder of results, if it has another name")


def run(options: argparse.Namespace) -> None:
    """Writes or removes the request that the command stands for; a stop is none where no run goes on.

    Raises:
        ErgitError: there is no study.
    """
    results: Path = options.study / options.results
    if not results.is_dir():
        raise ErgitError(
            f"There is no study in {options.study.resolve()}: no folder {options.results}. Name one with --study."
        )
    from ergit.live.watch import no_run_goes_on  # not above: the programs of jobs need not load it

    if options.command == "stop" and no_run_goes_on(options.study, results):
        print("There is nothing to stop: the last run of this study has ended, and none has begun since.")
        return
    print({"stop": stop, "pause": pause, "resume": resume}[options.command](results))


def stop(results: Path) -> str:
    """Asks the run to end when the measuring job that runs now has its readings."""
    write_request(results / STOP, _request())
    return "A run of this study ends after the readings that are being taken. The same command continues it."


def pause(results: Path) -> str:
    """Asks the study to build and measure nothing until `resume`, whether it runs now or is started later."""
    write_request(results / PAUSE, _request())
    return "Nothing is built or measured after what runs now, also after a restart, until `ergit resume`."


def resume(results: Path) -> str:
    """Takes the requests back."""
    asked = [path for path in (results / STOP, results / PAUSE) if path.exists()]
    for path in asked:
        path.unlink()
    return "Nothing holds this study any more." if asked else "Nobody had asked the study to stop or to pause."


def refuse_stopped(results: Path) -> None:
    """Does nothing unless somebody has asked the run to stop.

    Raises:
        ErgitError: somebody has; by its words `is_hopeless` (ergit/same_failures.py) ends the run.
    """
    request = read_request(results / STOP)
    if request is not None:
        raise ErgitError(f"{request.by} {STOPPED} ({request.asked}), {HOPELESS}. The same command continues it.")


def forget_stop(results: Path) -> None:
    """A run that begins was asked for later than the last stop."""
    (results / STOP).unlink(missing_ok=True)


def _request() -> Request:
    import getpass  # both are slow to load, and every job asks only whether there is a request
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in passwd, as in a container
        user = "somebody"
    return Request(asked=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", by=f"{user} on {socket.gethostname()}")
