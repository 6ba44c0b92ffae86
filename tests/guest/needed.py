"""Prints the entries of site-packages that ergit's measuring programs import, at once or later."""

import pkgutil
import sys
from importlib import import_module
from pathlib import Path

import ergit.building.build
import ergit.cli
import ergit.inputs
import ergit.machine.doctor.report
import ergit.machine.prepare.command
import ergit.measuring.measure

SITE = "site-packages"

if __name__ == "__main__":
    for module in pkgutil.walk_packages(ergit.inputs.__path__, "ergit.inputs."):  # a build imports some of it late
        import_module(module.name)
    files = [Path(module.__file__).parts for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
    print(*sorted({parts[parts.index(SITE) + 1] for parts in files if SITE in parts}))
