"""Provenance: all from records, and no secret."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import yaml
from msgspec.structs import replace as with_fields

from ergit.config.reading import read_config
from ergit.reports.html.provenance import Content, section
from ergit.reports.html.study import ReportStudy
from tests.fakes.report_studies import failed_study, large_study, measured_study


def shown(study: ReportStudy) -> Content:
    """What the section of a study shows."""
    content = section(study).content
    assert isinstance(content, Content)
    return content


def test_sessions_of_which_nothing_is_recorded_are_told_in_one_line(tmp_path: Path) -> None:
    found = shown(measured_study(tmp_path))
    assert found.sessions == ()
    assert found.unrecorded == (
        "253 readings in 1 session of box (measured, powercap): no record says more of the machine."
    )


def test_facts_that_are_not_known_say_why(tmp_path: Path) -> None:
    study = measured_study(tmp_path)
    facts = '"conditions": {"cpu_model":"Xeon","turbo":null,"missing":{"turbo":"no switch is there"}}'
    for file in (tmp_path / "readings").glob("*/1.json"):
        file.write_text(file.read_text(encoding="utf-8").replace('"conditions": {}', facts, 1), encoding="utf-8")
    (session,) = shown(study).sessions
    assert session.source == "measured, powercap"
    assert [(fact.name, fact.value, fact.why) for fact in session.facts] == [
        ("cpu model", "Xeon", None),
        ("turbo", None, "no switch is there"),
    ]


def test_the_config_is_whole_and_can_be_read_again(tmp_path: Path) -> None:
    study = measured_study(tmp_path)
    found = yaml.safe_load(shown(study).config)
    assert read_config(found) == study.settings
    assert found["changes"]["false_discovery_rate"] == 0.05  # a default


def test_neither_passwords_nor_values_of_variables_are_shown(tmp_path: Path) -> None:
    study = failed_study(tmp_path)
    settings = study.settings
    assert settings.workload is not None
    secret = with_fields(
        settings,
        repository=with_fields(settings.repository, url="https://me:pass1@example.org/words.git"),
        workload=with_fields(
            settings.workload, command="curl https://me:pass2@example.org/x", environment={"TOKEN": "pass3"}
        ),
    )
    found = shown(replace(study, settings=secret))
    told = f"{found.config} {found.origin}"
    assert "pass" not in told
    assert "TOKEN: (not shown)" in found.config
    assert found.hidden


def test_the_digests_are_those_of_the_files(tmp_path: Path) -> None:
    found = dict(shown(failed_study(tmp_path)).digests)
    assert found["energy.csv"] == sha256((tmp_path / "energy.csv").read_bytes()).hexdigest()
    assert list(found) == ["energy.csv", "commits.tsv", "changes.json", "context.json"]


def test_an_imported_study_is_made_again_without_measuring(tmp_path: Path) -> None:
    found = shown(large_study(tmp_path, most=30))
    assert found.commands == ("snakemake --cores 1",)
    assert not any(word in ("workload", "order") for word, _ in found.origin)
