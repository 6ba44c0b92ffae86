"""What the counters of a running powercap tree count, which `live_counter_server` serves.

Two packages: the first counts BASE_WATTS of real time and WATTS_PER_CORE of CPU time, the second idles at BASE_WATTS.
"""

import os
import time
from pathlib import Path

RANGE_UJ = 262_143_328_850
BASE_WATTS = 5.0
WATTS_PER_CORE = 20.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process until now, to the nanosecond, also when it has ended but was not waited for.

    The clock's number is made from the pid as clock_getcpuclockid(3) does. `pid` 0: the whole machine's CPU time, to
    the tick, from /proc/stat.
    """
    if pid:
        cpu_clock_of_process = 2
        return time.clock_gettime((~pid << 3) | cpu_clock_of_process)
    user, nice, system, _, _, interrupts, soft_interrupts, steal = map(
        int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    )
    return (user + nice + system + interrupts + soft_interrupts + steal) / TICKS_PER_SECOND
