rule failures:
    """Why commits have no reading: one row a kind and reason, with the first and last commit and a log."""
    input:
        "results/energy.csv",
    output:
        "results/failures.tsv",
    log:
        "results/failures.log",
    conda:
        "../envs/ergit.yaml"
    params:
        results=results_folder,
    script:
        "../scripts/failures.py"
