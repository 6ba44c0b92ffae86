"""Shell text for commands of tests, which must do the same on a machine that is busy."""


def until_asleep(seconds: str, programs: int = 1) -> str:
    """Ends well once so many `sleep` of `seconds` rest: how long a program takes to start is up to the machine."""
    return f"until [ $(ps -eo stat=,args= | grep -c '^S.* sleep {seconds}$') = {programs} ]; do sleep 0.02; done"
