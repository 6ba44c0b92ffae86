rule failures:
    """Why commits have no reading: one row a kind and reason, with the first and last commit and a log."""
    input:
        "results/energy.csv",
    output:
        report(
            "results/failures.tsv",
            caption="../docs/captions/failures.rst",
            category="Validity",
            labels={"what": "why commits have no reading", "form": "table"},
        ),
    log:
        "results/failures.log",
    conda:
        "../envs/ergit.yaml"
    params:
        results=results_folder,
    script:
        "../scripts/failures.py"
