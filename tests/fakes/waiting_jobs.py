"""Jobs that wait, as a scheduler sees them: nothing of Snakemake's but four facts."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class WaitingJob:
    """A job with its priority, its wildcards and the resources that it takes."""

    priority: float = 0
    wildcards_dict: dict[str, str] = field(default_factory=dict)
    scheduler_resources: dict[str, int] = field(default_factory=lambda: {"_cores": 1})

    def is_group(self) -> bool:
        """It stands for itself."""
        return False
