"""How a config reaches the workflow: from the study's file, another file, or `--config`."""

import json
from pathlib import Path

import pytest

from tests.fakes.studies import snakemake

GOOD = "repository: {url: demo}\ncommits: [main]\nworkload: {command: 'true'}\nmeasure: {allow_estimate: true}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{GOOD}commits: [v1]\n", "line 5: the key 'commits' stands here a second time; the first is in line 2."),
        (
            GOOD.replace("allow_estimate", "quiet: {otherwise: flag}, seed"),
            "measure.quiet.otherwise is now measure.quiet.on_timeout",
        ),
    ],
    ids=["twice", "renamed"],
)
def test_a_config_is_refused_wherever_it_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "parser.yaml").write_text(text, encoding="utf-8")
    done = snakemake(tmp_path, "--dry-run", "--configfile", "parser.yaml")
    assert done.returncode != 0
    assert sentence in done.stdout + done.stderr


def test_the_study_s_own_file_is_refused_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("repository: {url: demo\n", encoding="utf-8")
    done = snakemake(tmp_path, "--dry-run")
    assert done.returncode != 0
    assert "config/config.yaml, line 2, column 1 is no YAML: expected ',' or '}'" in done.stdout + done.stderr


def test_the_command_line_sets_numbers_true_and_null_in_a_part(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD, encoding="utf-8")
    given = json.dumps({"rounds": 2, "rest_seconds": 0.5, "allow_estimate": True, "powercap": None})
    done = snakemake(tmp_path, "--dry-run", "--configfile", "study.yaml", "--config", f"measure={given}")
    assert done.returncode == 0, done.stderr
