"""A part of the command `ergit` as a process of its own, to be killed or waited for."""

import sys


def program(module: str) -> list[str]:
    """The words that start the command of a module with `add_arguments` and `run`."""
    text = (
        "import argparse, importlib, sys; from ergit.errors import exit_on_user_error\n"
        "module = importlib.import_module(sys.argv.pop(1)); parser = argparse.ArgumentParser()\n"
        "module.add_arguments(parser)\n"
        "with exit_on_user_error(): module.run(parser.parse_args())"
    )
    return [sys.executable, "-P", "-c", text, module]
