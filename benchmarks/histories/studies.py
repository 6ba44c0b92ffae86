"""Studies of real histories: their folders, their configs, and ergit's own workflow run in them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUICK_MAVEN = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A JVM that lives for seconds spends less of them so."""

Config = Mapping[str, object]


def write_config(study: Path, config: Config) -> None:
    """Writes a study's config, as JSON, which is YAML too."""
    (study / "config").mkdir(parents=True, exist_ok=True)
    (study / "config/config.yaml").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def maven_variables(home: Path) -> dict[str, str]:
    """Variables by which Maven keeps what it downloads for all studies below a folder."""
    return {"MAVEN_OPTS": f"-Dmaven.repo.local={home.resolve() / 'm2'} {QUICK_MAVEN}"}


def run_workflow(study: Path, *arguments: str, builds: Path) -> bool:
    """Whether a call of Snakemake in the study's folder succeeded; what it prints is added to the study's `run.log`.

    Args:
        study: the folder of the study.
        arguments: targets and options.
        builds: the folder of builds that several studies share.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *arguments]
    environment = os.environ | {"ERGIT_BUILD_CACHE": str(builds.resolve())}
    with (study / "run.log").open("a", encoding="utf-8") as log:
        return subprocess.run(command, cwd=study, env=environment, stdout=log, stderr=log, check=False).returncode == 0


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
