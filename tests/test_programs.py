"""The programs that run thousands of times in a study load nothing that is slow to load and of no use to them."""

import subprocess
import sys

import pytest

PROGRAMS = ("ergit.git.checkout", "ergit.java.choose", "ergit.building.build", "ergit.measuring.measure")
SLOW = frozenset(
    {
        *("pandas", "numpy", "scipy", "matplotlib", "bokeh", "jinja2", "tabulate", "git", "snakemake", "yaml"),
        *(
            "typing_extensions",
            "inspect",
            "dataclasses",
            "tomllib",
            "zipfile",
            "socket",
            "csv",
            "ergit.plugins.process",
        ),
        *("asyncio", "multiprocessing", "jsonschema", "packaging", "pathspec", "statistics", "tree_sitter"),
    }
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_a_commits_jobs_loads_no_slow_package(program: str) -> None:
    code = f"import sys, {program}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert program in loaded
    assert not SLOW & loaded
