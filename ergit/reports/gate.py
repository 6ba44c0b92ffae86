"""The program of rule `gate`: it prints the verdict, and its exit status says whether that is a pass."""

import argparse
from pathlib import Path

from ergit.errors import ErgitError, exit_on_user_error
from ergit.records.gate import read_gate


def main() -> None:
    """Ends with status 0 where the verdict is a pass or counts as one, else with status 1."""
    parser = argparse.ArgumentParser(prog="python3 -P -m ergit.reports.gate", description=__doc__)
    parser.add_argument("verdict", type=Path, help="results/gate.json")
    arguments = parser.parse_args()
    with exit_on_user_error():
        gate = read_gate(arguments.verdict)
        sentence = f"gate: {gate.verdict}: {gate.reason}"
        if not gate.passes:
            raise ErgitError(sentence)
        print(f"ergit: {sentence}")


if __name__ == "__main__":
    main()
