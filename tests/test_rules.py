"""Rule files of the user's own in a real study: the example of the docs, and what is refused."""

import re
from pathlib import Path

import pytest

from tests.fakes.repositories import new_repository
from tests.fakes.studies import ROOT, configure, planned, snakemake, table


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of a finished study of two commits, with the rule file of docs/rules.md."""
    home = tmp_path_factory.mktemp("rules")
    project = new_repository(home / "project")
    project.commit("One")
    project.git("tag", "first")
    project.commit("Two")
    config, rule, script = re.findall(r"^```\w+\n(.*?)^```", text_of_docs(), re.MULTILINE | re.DOTALL)
    assert config == "rules: [medians.smk]\n"
    work = home / "work"
    work.mkdir()
    (work / "medians.smk").write_text(rule, encoding="utf-8")
    (work / "medians.py").write_text(script, encoding="utf-8")
    configure_study(work, ["medians.smk"])
    done = snakemake(work, "all", "medians")
    assert done.returncode == 0, done.stderr
    return work


def text_of_docs() -> str:
    """The page with the example."""
    return (ROOT / "docs/rules.md").read_text(encoding="utf-8")


def configure_study(work: Path, rules: list[str]) -> None:
    """Writes the config of the study, with these rule files."""
    configure(
        work,
        **{"commits": ["first", "main"], "rules": rules, "build__commands": [], "workload__command": "true"},
        **{"measure__rounds": 1, "measure__warmup": 0},
    )


def test_the_example_of_the_docs_makes_the_medians(study: Path) -> None:
    header, *rows = (study / "results/medians.csv").read_text(encoding="utf-8").splitlines()
    assert header == "commit,energy_package_joules"
    commits = list(dict.fromkeys(row["commit"] for row in table(study) if row["clean"] == "True"))
    assert [row.partition(",")[0] for row in rows] == commits
    assert len(commits) == 2


def test_the_rules_are_made_when_they_are_named_and_measure_nothing_again(study: Path) -> None:
    assert planned(study, "all", "medians") == {}
    (study / "medians.smk").write_text((study / "medians.smk").read_text() + "\n# edited\n", encoding="utf-8")
    (study / "results/medians.csv").unlink()
    assert planned(study) == {}
    assert planned(study, "all", "medians") == {"medians": 1}


def test_a_rule_that_fails_says_why_in_the_end(study: Path) -> None:
    (study / "failing.smk").write_text(
        "rule failing:\n    output: 'a.txt'\n    log: 'a.log'\n    shell: 'echo not today > {log}; false'\n"
        "rule without_log:\n    output: 'b.txt'\n    shell: 'false'\n",
        encoding="utf-8",
    )
    configure_study(study, ["failing.smk"])
    done = snakemake(study, "failing", "without_log")
    assert done.returncode == 1
    assert "ergit: the job `failing` failed, and its log ends so:\nnot today\n  (log: a.log)" in done.stderr
    assert (
        "ergit: the job `without_log` failed, and no log says why; what it printed stands above, if anything."
        in done.stderr
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("settings = {}\n", "gives settings another meaning"),
        ("onstart:\n    print('mine')\n", "gives onstart another meaning"),
        ("rule plot:\n    output: 'x'\n    shell: 'touch x'\n", "The name plot is already used by another rule"),
    ],
)
def test_what_would_be_in_the_way_of_ergit_is_refused(study: Path, text: str, words: str) -> None:
    (study / "in-the-way.smk").write_text(text, encoding="utf-8")
    configure_study(study, ["medians.smk", "in-the-way.smk"])
    done = snakemake(study, "--dry-run")
    assert done.returncode == 1
    assert words in done.stderr + done.stdout


def test_a_rule_file_that_is_missing_is_an_error_that_names_it(study: Path) -> None:
    configure_study(study, ["gone.smk"])
    done = snakemake(study, "--dry-run")
    assert done.returncode == 1
    assert "rules[0] is 'gone.smk', and there is no such file in the study's folder" in done.stderr + done.stdout
