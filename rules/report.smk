rule report:
    """The whole study on one page without a network: its history, its changes with their evidence, how it was made."""
    input:
        table="results/energy.csv",
        commits="results/commits.tsv",
        changes="results/changes.json",
        context="results/context.json",
        failures="results/failures.tsv",
        imported="results/imported.json" if settings.imported else [],
    output:
        report(
            "results/report.html",
            caption="../docs/captions/report.rst",
            category="Changes",
            labels={"what": "the whole study, interactive", "form": "page"},
        ),
    log:
        "results/report.log",
    conda:
        "../envs/ergit.yaml"
    params:
        settings=literally(to_builtins(structs.replace(settings, notify=NotifySettings()))),  # no secrets on a page
        results=results_folder,
        noise=noise_measured,
    script:
        "../scripts/report.py"
