"""Rule files of the user's own (`rules` in the config): what else is made of the results."""

from ergit.config.rule_files import refuse_replaced_names, rule_files

try:
    user_files = rule_files(settings.rules, Path.cwd())
except ErgitError as error:
    raise WorkflowError(str(error)) from None

for user_file in user_files:
    _names = dict(globals())

    include: user_file

    try:
        refuse_replaced_names(_names, globals(), user_file)
    except ErgitError as error:
        raise WorkflowError(str(error)) from None
