checkpoint forecast:
    """What the study will take: commits, builds, readings, time, disk, energy, and the changes that it can detect."""
    input:
        "results/plan.json",
        "results/commits.tsv",
        "results/jdks.json" if settings.java else [],
    output:
        "results/forecast.json",
    log:
        "results/forecast.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        changes=changes_handed_over,
        progress=progress,
    shell:
        "exec {params.python} -P -m ergit.forecast.command --settings {params.settings} --changes {params.changes:q}"
        " --output {output:q} {params.progress} 3>&2 &> {log:q}"
