"""ergit as a module of another workflow: the parent of docs/module.md with its two studies, and others."""

import json
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.repositories import new_repository
from tests.fakes.studies import CONFIG, ROOT

OF_THE_PARENT = """

rule environment:
    output:
        "environment.json",
    shell:
        'python3 -c "import json, os, sys; json.dump([sys.prefix, dict(os.environ)], sys.stdout)" > {output}'


use rule measure from writer as writer_measure with:
    resources:
        rapl=1,
        adapted=1,
"""

COMMANDS = {"parser": "sleep 0.2", "writer": "sleep 0.2 && true"}


def call(parent: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of Snakemake in the parent's folder, as its user makes it."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    return subprocess.run(command, cwd=parent, capture_output=True, text=True, timeout=300)


def study(command: str, **measure: Any) -> dict[str, Any]:
    """The config of a study of the commits of the project."""
    config = deepcopy(CONFIG) | {"commits": ["first", "main"], "build": {}, "workload": {"command": command}}
    config["measure"] |= {"rounds": 2, "repeats": 1, "warmup": 0, **measure}
    return config


def write_parent(parent: Path, snakefile: str, config: dict[str, Any]) -> None:
    """Writes a workflow with its config and with the profile that the docs ask for."""
    shutil.copytree(ROOT / "profiles", parent / "profiles")
    (parent / "config").mkdir()
    (parent / "config/config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (parent / "Snakefile").write_text(snakefile, encoding="utf-8")


def records_of(results: Path) -> list[dict[str, Any]]:
    """The records of a study's readings."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("readings/*/[0-9].json"))]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ergit and a project of two commits, in which parents are made."""
    home = tmp_path_factory.mktemp("module")
    (home / "ergit").symlink_to(ROOT)
    repository = new_repository(home / "project")
    repository.commit("One")
    repository.git("tag", "first")
    repository.commit("Two")
    return home


@pytest.fixture(scope="module")
def parent(project: Path) -> Path:
    """The folder of the parent of the docs, with two studies, when it has run."""
    docs = (ROOT / "docs/module.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```python\n(.*?)^```", docs, re.MULTILINE | re.DOTALL)
    folder = project / "parent"
    folder.mkdir()
    studies = {name: study(command) for name, command in COMMANDS.items()}
    write_parent(folder, shown + OF_THE_PARENT, studies | {"since": "on"})
    with (folder / "config/config.yaml").open("a", encoding="utf-8") as file:
        file.write("until: 2024-01-01\n")  # of the parent; in a study's own file it would be refused
    done = call(folder, "--cores", "4", "all", "environment", "--set-threads", "parser_measure=1", "writer_measure=1")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "printed").write_text(done.stdout + done.stderr, encoding="utf-8")
    return folder


def test_two_studies_in_one_workflow_get_their_own_settings(parent: Path) -> None:
    for name, command in COMMANDS.items():
        records = records_of(parent / name / "results")
        assert [record["workload"]["command"] for record in records] == [command] * 4
        assert {record["status"] for record in records} == {"measured"}


def test_no_two_measurements_of_the_studies_overlap(parent: Path) -> None:
    spans = []
    for name in COMMANDS:
        for record in records_of(parent / name / "results"):
            for reading in record["readings"]:
                begin = datetime.fromisoformat(reading["started"]).timestamp()
                spans.append((begin, begin + reading["duration_seconds"]))
    assert len(spans) == 8
    assert all(end <= begin for (_, end), (begin, _) in pairwise(sorted(spans)))


def test_everything_is_below_the_prefixes(parent: Path) -> None:
    assert not (parent / "results").exists()
    for name in COMMANDS:
        assert (parent / name / "results/mirror.git").is_dir()
        summary = (parent / name / "results/summary.md").read_text(encoding="utf-8")
        assert f"{name}/results/energy.csv" in summary
        assert re.findall(rf"(?<!{name}/)results/", summary) == []


def test_the_handlers_of_the_docs_look_at_the_machine_and_print_the_summaries(parent: Path) -> None:
    printed = (parent / "printed").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"Tables: {name}/results/energy.csv" in printed


def test_the_parents_own_jobs_keep_their_environment(parent: Path) -> None:
    prefix, environment = json.loads((parent / "environment.json").read_text(encoding="utf-8"))
    outside = subprocess.run(["python3", "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True)
    assert prefix == outside.stdout.strip()
    assert Path(environment["PYTHONPATH"].split(":")[-1]).samefile(ROOT)


def test_a_rule_that_was_adapted_measures_nothing_again(parent: Path) -> None:
    done = call(parent, "--cores", "4", "--dry-run", "all", "environment")
    assert "Nothing to be done" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--dry-run"],
        ["--summary"],
        ["--detailed-summary"],
        ["--rulegraph", "mermaid-js"],
        ["--dag", "mermaid-js"],
        ["--list-rules"],
        ["--unlock"],
        ["--report", "report.html"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_snakemake_tells_of_a_workflow_it_tells_without_cores(parent: Path, arguments: list[str]) -> None:
    done = call(parent, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "parser_measure" in done.stdout + done.stderr or arguments[0] not in ("--rulegraph", "--list-rules")


def test_the_docs_name_each_setting_of_the_profile() -> None:
    profile = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text(encoding="utf-8"))
    docs = (ROOT / "docs/module.md").read_text(encoding="utf-8")
    assert [key for key in profile if f"`{key}: " not in docs] == []


def test_lint_has_nothing_to_say_about_the_rules_of_ergit(parent: Path) -> None:
    done = call(parent, "--lint")
    assert re.findall(r"^Lints for (.*)", done.stdout + done.stderr, re.MULTILINE) == [
        f"rule environment (line {line_of('rule environment', parent)}, {parent}/Snakefile):"
    ]


def line_of(text: str, parent: Path) -> int:
    """The line of a parent's Snakefile that begins with the text, counted from 1."""
    lines = (parent / "Snakefile").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(text))


NESTED = """
configfile: "config/config.yaml"

module outer:
    snakefile: "middle/Snakefile"
    config: config
    prefix: "outer"

use rule * from outer as outer_*
"""

MIDDLE = """
module inner:
    snakefile: "../../ergit/Snakefile"
    config: config["study"]
    replace_prefix: {"results/": "inner/"}

use rule * from inner as inner_*
"""


def test_modules_nest_and_need_no_handlers_and_no_profile(project: Path) -> None:
    folder = project / "nested"
    (folder / "middle").mkdir(parents=True)
    write_parent(folder, NESTED, {"study": study("true", rounds=1) | {"commits": ["main"]}})
    shutil.rmtree(folder / "profiles")
    (folder / "middle/Snakefile").write_text(MIDDLE, encoding="utf-8")
    done = call(folder, "--cores", "2", "outer_inner_all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Provided resources: rapl=Resource("rapl", 1)' in done.stdout + done.stderr
    assert {record["status"] for record in records_of(folder / "outer/inner")} == {"measured"}
    assert "outer/inner/energy.csv" in (folder / "outer/inner/summary.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        *("Snakefile", "config", "middle", "outer")
    ]
    again = call(folder, "--cores", "2", "--dry-run", "outer_inner_all")
    assert "Nothing to be done" in again.stdout + again.stderr


CANONICAL = """
configfile: "config/config.yaml"

module ergit:
    snakefile: "../ergit/Snakefile"
    config: config

use rule * from ergit as ergit_*
"""


def test_the_limit_of_jobs_which_costs_time_is_lifted_but_not_one_that_somebody_asks_for(project: Path) -> None:
    folder = project / "limited"
    folder.mkdir()
    handler = "onstart:\n    ergit.onstart()\n    print(f'Limiter: {workflow.scheduler.job_rate_limiter}')\n"
    write_parent(folder, CANONICAL + handler, study("true"))
    done = call(folder, "--cores", "2", "results/mirror.json")
    assert "Limiter: None\n" in done.stdout
    asked = call(folder, "--cores", "2", "--force", "results/mirror.json", "--max-jobs-per-timespan", "7/1s")
    assert "Limiter: <snakemake" in asked.stdout


def test_without_handlers_the_measuring_job_refuses_a_machine_that_cannot_measure(project: Path) -> None:
    folder = project / "unfit"
    folder.mkdir()
    config = study("true", temperature={"sensor": "none of this name"}, rounds=1)
    write_parent(folder, CANONICAL, config | {"commits": ["main"]})
    done = call(folder, "--cores", "2", "ergit_all")
    assert done.returncode == 1
    (log,) = (folder / "results/readings").glob("*/1.log")
    assert "none of this name" in log.read_text(encoding="utf-8")
    assert records_of(folder / "results") == []


@pytest.mark.parametrize(
    ("snakefile", "more", "words"),
    [
        (CANONICAL, {"samples": []}, "Unknown key 'samples' in the top level.*what the module statement hands over"),
        (CANONICAL.replace("    config: config\n", ""), {}, "hands no config over to ergit: add `config: config`"),
    ],
)
def test_a_config_that_a_parent_hands_over_wrongly_is_an_error(
    project: Path, tmp_path: Path, snakefile: str, more: dict[str, Any], words: str
) -> None:
    (tmp_path / "ergit").symlink_to(project / "ergit")
    (tmp_path / "parent").mkdir()
    write_parent(tmp_path / "parent", snakefile, study("true") | more)
    done = call(tmp_path / "parent", "--dry-run", "ergit_all")
    assert done.returncode == 1
    assert re.search(words, done.stdout + done.stderr)
