"""In which order files reach the disk, as strace sees it: what a power cut leaves follows from that alone."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SYNC = re.compile(r"f(?:data)?sync\(\d+<(.*?)>\) += 0$")
RENAME = re.compile(r'rename\w*\(.*?"(.*?)".*"(.*?)".*\) += 0$')


class Call(NamedTuple):
    """One call that has succeeded: a sync of a file or folder, or a rename from one path to another."""

    synced: Path | None
    old: Path | None = None
    new: Path | None = None


def traced(command: Sequence[str], folder: Path, logs: Path, environment: Mapping[str, str]) -> dict[str, list[Call]]:
    """The calls of each process of a command that runs in the folder, in their order, from strace's logs."""
    logs.mkdir()
    options = ["-ff", "-y", "-qq", "-s", "4096", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2"]
    words = ["strace", *options, "-o", str(logs / "log"), *command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {path.suffix: calls_in(path.read_text(errors="replace"), folder) for path in sorted(logs.iterdir())}


def calls_in(log: str, folder: Path) -> list[Call]:
    """The calls in the log of one process, which worked in the folder."""
    found = []
    for line in log.splitlines():
        if synced := SYNC.match(line):
            found.append(Call(Path(synced[1])))
        elif renamed := RENAME.match(line):
            found.append(Call(None, folder / renamed[1], folder / renamed[2]))
    return found


def not_safe(calls: Mapping[str, Sequence[Call]], path: Path) -> str | None:
    """Why a power cut could take the file or tear it; None where it was synced, then renamed, then the folder."""
    for of_process in calls.values():
        for number, call in enumerate(of_process):
            if call.new != path:
                continue
            before = [each.synced for each in of_process[:number]]
            after = [each.synced for each in of_process[number:]]
            if call.old not in before:
                return f"{path.name}: not synced before it got its name"
            if path.parent not in after:
                return f"{path.name}: its folder was not synced after it got its name"
            return None
    return f"{path.name}: it did not get its name by a rename"
