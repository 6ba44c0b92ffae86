"""Writes the gate's verdict as a page of Markdown."""

from pathlib import Path
from typing import Any

from ergit.analysis.broken import broken_at
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.records.commits import read_commits
from ergit.records.energy_table import read_energy_table
from ergit.records.gate import read_gate
from ergit.reports.gate_page import gate_page


def main(job: Any) -> None:
    """The script of rule `gate_page`."""
    gate = read_gate(Path(job.input.verdict))
    table = read_energy_table(Path(job.input.table))
    commits = read_commits(Path(job.input.commits))
    results = job.params.results
    broken = broken_at(table, gate.head, results) if gate.verdict == "broken" and gate.head else None
    page = gate_page(gate, table, commits, job.params.judged, broken, results)
    write_atomically(Path(job.output[0]), page)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
