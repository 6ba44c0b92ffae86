rule mirror:
    """What was mirrored when; the bare mirror itself, results/mirror.git, is brought up to date, not made anew."""
    output:
        "results/mirror.json",
    log:
        "results/mirror.log",
    conda:
        "../envs/ergit.yaml"
    params:
        python=python,
        settings=handed_over,
        results=results_folder,
        repository=literally(mirror_fingerprint(settings)),
    shell:
        "exec {params.python} -P -m ergit.git.mirror --settings {params.settings} --mirror {params.results}/mirror.git --output {output:q} &> {log:q}"
