"""What a test costs, however busy the machine is."""

import os


def cpu_seconds() -> float:
    """CPU time of this process and of all children that it has waited for."""
    user, system, of_children, system_of_children, _ = os.times()
    return user + system + of_children + system_of_children
