rule summary:
    """What was found, for a person to read; and the files of recorded failures, one a line, to try them again."""
    input:
        table="results/energy.csv",
        commits="results/commits.tsv",
        changes="results/changes.json",
        context="results/context.json",
        failures="results/failures.tsv",
        imported="results/imported.json" if settings.imported else [],
    output:
        summary=report(
            "results/summary.md",
            caption="../docs/captions/summary.rst",
            category="Changes",
            labels={"what": "summary in words", "form": "text"},
        ),
        failed="results/failed.txt",
    log:
        "results/summary.log",
    conda:
        "../envs/ergit.yaml"
    params:
        repository=literally(public_url(settings.repository.url)),
        measure=literally(None if settings.imported else to_builtins(settings.measure)),
        results=results_folder,
    script:
        "../scripts/summary.py"
