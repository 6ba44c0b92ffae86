"""The command `ergit` as a process of its own, to be killed or waited for."""

import sys

ERGIT = (sys.executable, "-P", "-c", "from ergit.cli import main; main()")
