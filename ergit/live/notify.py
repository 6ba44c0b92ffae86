"""The command of the user's that hears how a run ended."""

from collections.abc import Mapping
from pathlib import Path

from ergit.config.settings import NotifySettings
from ergit.errors import SPEAKER, ErgitError
from ergit.processes.environment import child_environment
from ergit.processes.run import failure_reason, run

LOG = "notify.log"


def notify(settings: NotifySettings, facts: Mapping[str, str], results: Path) -> list[str]:
    """Runs the command where it wants to hear of this outcome; the lines that warn where it fails.

    Its output is in notify.log beside the results, and its failure changes nothing of the study's.

    Args:
        settings: the command, and of which outcomes it hears.
        facts: variables for it; ERGIT_OUTCOME is one of them.
        results: the study's folder of results.
    """
    outcome = facts["ERGIT_OUTCOME"]
    if settings.command is None or outcome not in settings.outcomes:
        return []
    log = results / LOG
    try:
        log.unlink(missing_ok=True)
        done = run(
            settings.command,
            directory=Path.cwd(),
            environment={**child_environment({}), **facts},
            timeout_seconds=settings.timeout_seconds,
            log=log,
        )
        problem = failure_reason("it", done, settings.timeout_seconds)
    except (ErgitError, OSError) as error:
        problem = str(error)
    return [f"{SPEAKER}warning: the command of `notify` did not work: {problem} (log: {log})"] if problem else []
