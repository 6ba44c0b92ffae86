"""The JDK of each commit."""

from functools import lru_cache

from ergit.records.jdks import read_jdks

one_for_all = bool(settings.java and settings.java.policy == "one")


@lru_cache(maxsize=1)
def releases_of_commits(changed):
    """What `java.releases` means, by commit, as it stood in the study's list of JDKs at that time of change."""
    return read_jdks(Path(f"{RESULTS}/jdks.json")).releases


def asked_of_commit(wildcards):
    """What the config says of a commit's JDK: where another release is set, only these commits are built again."""
    java = settings.java
    if java is None:
        return None
    study = Path(f"{RESULTS}/jdks.json")
    set_for_it = releases_of_commits(study.stat().st_mtime_ns) if java.releases and study.exists() else {}
    policy = [] if java.policy == "asked" else [to_builtins(java.policy)]
    return [set_for_it.get(wildcards.commit, java.release), java.directory, *policy]


rule java:
    """The JDK that a commit asks for, where that was found, and the JDK it gets."""
    input:
        ancient("results/jdks.json") if one_for_all else [],
    output:
        "results/java/{commit}.json",
    log:
        "results/java/{commit}.log",
    priority: building_order
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        results=results_folder,
        asked=asked_of_commit,
    shell:
        "exec {params.python} -P -m ergit.java.choose --settings {params.settings}"
        " --mirror {params.results}/mirror.git --commit {wildcards.commit} --output {output:q} &> {log:q}"
