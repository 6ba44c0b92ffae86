"""Readings that another tool took, instead of all rules from checkout to sort."""


rule import_readings:
    """One row an imported reading, in the order of the Git history; and what was left out."""
    input:
        mirror="results/mirror.json",
        commits="results/commits.tsv",
        files=imported_files,
    output:
        table=report(
            "results/energy.csv",
            caption="../docs/captions/energy.rst",
            category="Energy",
            labels={"what": "all readings", "form": "table"},
        ),
        report="results/imported.json",
    log:
        "results/energy.log",
    conda:
        "../envs/ergit.yaml"
    params:
        mirror=f"{RESULTS}/mirror.git",
    script:
        "../scripts/import_readings.py"
