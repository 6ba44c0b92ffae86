"""Prints the entries of site-packages that ergit's measuring programs import."""

import sys
from pathlib import Path

import ergit.building.build
import ergit.cli
import ergit.config.reading
import ergit.machine.doctor
import ergit.measuring.measure  # noqa: F401

SITE = "site-packages"

if __name__ == "__main__":
    files = [Path(module.__file__).parts for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
    print(*sorted({parts[parts.index(SITE) + 1] for parts in files if SITE in parts}))
