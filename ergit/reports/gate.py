"""Ends with the status of the gate's verdict: 0 where the energy has not grown too much."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ergit.errors import ErgitError, exit_on_user_error


def passes(verdict: Mapping[str, Any]) -> bool:
    """Whether the verdict is a pass, or counts as one since it is undecided and the config lets that through."""
    return verdict["verdict"] == "pass" or (verdict["verdict"], verdict["undecided"]) == ("undecided", "pass")


def main() -> None:
    """The program of the rule `gate`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verdict", type=Path, help="results/gate.json")
    verdict = json.loads(parser.parse_args().verdict.read_text(encoding="utf-8"))
    with exit_on_user_error():
        if not passes(verdict):
            raise ErgitError(f"gate: {verdict['verdict']}: {verdict['reason']}")
        print(f"ergit: gate: {verdict['verdict']}: {verdict['reason']}")


if __name__ == "__main__":
    main()
