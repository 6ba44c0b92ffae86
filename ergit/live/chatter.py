"""What Snakemake says of each job, which the lines and the block of a run say better; its own log keeps it all."""

import logging

from ergit.terminal import Screen

EVENTS = frozenset({"job_started", "job_finished", "progress", "run_info", "resources_info"})
BEGINNINGS = (
    "Select jobs to execute",
    "Updating checkpoint dependencies",
    "DAG of jobs will be updated",
    "Touching output file",
    "Using shell:",
    "Provided resources:",
    "Conda environments: ignored",
    "Assuming unrestricted shared filesystem usage",
)


class Chatter(logging.Filter):
    """Keeps such messages from a terminal; before another one it takes the block away, over which that is written."""

    def __init__(self, screen: Screen | None) -> None:
        super().__init__()
        self._screen = screen

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message is shown; to be asked after all other filters, since it makes room for the message."""
        text = str(record.msg)
        if record.levelno <= logging.INFO and (
            str(getattr(record, "event", "")) in EVENTS or text.startswith(BEGINNINGS)
        ):
            return False
        if self._screen is not None and self._screen.has_block:
            self._screen.write([])
        return True
