rule tests:
    """Which tests ran at each commit, by the reports of its readings: how each test class ended, and how long it took."""
    input:
        commits="results/commits.tsv",
        readings=readings_of_all_rounds,
    output:
        table="results/tests.tsv",
        json="results/tests.json",
    log:
        "results/tests.log",
    conda:
        "../envs/ergit.yaml"
    params:
        limits=literally(to_builtins(limits_of(settings.measure))),
        judged=settings.measure.judged,
        results=results_folder,
    script:
        "../scripts/tests.py"
