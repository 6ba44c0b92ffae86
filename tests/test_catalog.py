"""What the catalog of Snakemake workflows reads of this repository: its file, the usage page, Snakefile and rules."""

import re
import shlex

import yaml

from tests.fakes.studies import ROOT


def test_the_file_of_the_catalog_has_the_parts_that_it_shows() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    assert usage["software-stack-deployment"] == {"conda": True, "singularity": False, "singularity+conda": False}
    assert (ROOT / "envs/ergit.yaml").exists()


def test_its_mandatory_flags_are_those_of_the_readme() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    flags = usage["mandatory-flags"]["flags"]
    assert shlex.split(flags) == ["--resources", "rapl=1"]
    assert flags in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_repository_is_found_and_its_usage_page_shows_a_whole_config() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    assert (ROOT / "Snakefile").exists()
    assert list((ROOT / "rules").glob("*.smk"))
    page = (ROOT / "config/README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert {"repository", "commits", "workload"} <= yaml.safe_load(shown).keys()
