"""Finds the commits that changed how much energy a program uses."""

import sys

__version__ = "0.2.0"

if "typing_extensions" not in sys.modules:
    # msgspec takes typing_extensions where it is installed, though the standard `typing` has all that it needs.
    # It loads `inspect`, and both cost a sixth of the start of a job's program; a study has tens of thousands of jobs.
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    except ImportError:  # the launcher of commands has the standard library and nothing else
        pass
    finally:
        del sys.modules["typing_extensions"]
