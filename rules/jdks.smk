"""What the whole study asks for of a JDK, before anything is built."""

from ergit.java.jdks import jdks_here


def jdks_told_before(wildcards):
    """The list of JDKs; a new one is waited for where it says which commits are built with another release."""
    return "results/jdks.json" if settings.java.releases else ancient("results/jdks.json")


def names_of_jdks_here(java):
    """The JDKs of this machine; none where they cannot be looked for, which the job itself says."""
    try:
        return [f"{jdk.version} {jdk.home}" for jdk in jdks_here(java.search)]
    except ErgitError:
        return []


rule jdks:
    """What all commits ask for of a JDK, which of these are here, and how to install the others."""
    input:
        "results/commits.tsv",
    output:
        update("results/jdks.json"),  # under `java.policy: one` the JDK of the study stays
    log:
        "results/jdks.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        results=results_folder,
        asked=literally(to_builtins(settings.java)),
        here=literally(names_of_jdks_here(settings.java)),  # with another one the list is made anew
    shell:
        "exec {params.python} -P -m ergit.java.study --settings {params.settings} --mirror {params.results}/mirror.git"
        " --commits {input:q} --output {output:q} --progress 3 3>&2 &> {log:q}"
