"""A `perf` that follows the control protocol of `perf stat`, and counts or fails as a file beside it tells it to.

It is put first on PATH. `acts.json` beside it is a list, one act for each time it is started, the last one for all
further times: `output` is what it writes to `-o`, and at the moment that `at` names (`start`, `ping`, `enable`,
`disable` or `end`) it says `message` and does `do`: `exit N`, `kill N`, `wait SECONDS`, or `mute` (it follows no order
any more). In `output`, RUNTIME stands for the nanoseconds between `enable` and `disable`, RUNTIME*4 for four times as
many.
"""

import json
import os
import re
import select
import sys
import time
from pathlib import Path


def act_of_this_start(folder: Path) -> dict[str, str]:
    """The act whose turn it is."""
    acts = json.loads((folder / "acts.json").read_text())
    counter = folder / "starts"
    starts = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(starts + 1))
    return acts[min(starts, len(acts) - 1)]


def misbehave(act: dict[str, str], at: str) -> bool:
    """Does what the act says of this moment; whether it is to be mute from now on."""
    if act.get("at") != at:
        return False
    print(act.get("message", ""), file=sys.stderr, flush=True)
    word, _, number = act["do"].partition(" ")
    if word == "exit":
        sys.exit(int(number))
    if word == "wait":
        time.sleep(float(number))
    if word == "kill":
        os.kill(os.getpid(), int(number))
    return word == "mute"


def counted(output: str, moments: dict[str, int]) -> str:
    """The output, with the time for which it counted."""
    runtime = moments.get("disable", 0) - moments.get("enable", 0)
    return re.sub(r"RUNTIME(?:\*(\d+))?", lambda found: str(runtime * int(found[1] or 1)), output)


def main(arguments: list[str]) -> None:
    """Serves orders until its standard input ends, then writes its counts."""
    if os.environ.get("LC_ALL") != "C":
        sys.exit("numbers would depend on the locale")
    act = act_of_this_start(Path(sys.argv[0]).parent)
    misbehave(act, "start")
    orders, answers = map(int, arguments[arguments.index("--control") + 1].removeprefix("fd:").split(","))
    mute = False
    moments: dict[str, int] = {}
    while True:
        ready, _, _ = select.select([0, orders], [], [])
        if 0 in ready:
            break
        order = os.read(orders, 64).decode().strip()
        mute = mute or misbehave(act, order)
        moments[order] = time.monotonic_ns()
        if not mute:
            os.write(answers, b"ack\n\0")
    misbehave(act, "end")
    Path(arguments[arguments.index("-o") + 1]).write_text(counted(act.get("output", ""), moments))


if __name__ == "__main__":
    main(sys.argv[1:])
