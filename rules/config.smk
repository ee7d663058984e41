# What the config's files say, read before Snakemake reads them: each mistake is a sentence with file and line.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "workflow_scripts"))

from openworld3d.errors import UserError
from openworld3d.workflow.config import check_config, read_config

SCHEMA = Path(workflow.basedir) / "schemas/config.schema.yaml"


def config_files():
    """Return the files of the config, each of which is read over those before it."""
    settings, default = workflow.config_settings, Path("config.yaml")
    if settings.replace_workflow_config and settings.overwrite_config:
        return settings.configfiles
    is_needed = default.exists() or not settings.configfiles
    return [*([default] if is_needed else []), *settings.configfiles]


try:
    given = read_config(config_files(), SCHEMA, workflow.config_settings.config)
    check_config(given.plain(), SCHEMA, given)
except UserError as error:
    sys.exit("\n".join(f"error: {line}" for line in str(error).splitlines()))
