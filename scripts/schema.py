"""Write JSON Schemas of config files, by which editors complete and check them:

python scripts/schema.py                                              # nst/bundled/schema/
python scripts/schema.py --config-dir my_configs --out my_schemas     # with the choices of your own folder
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from knobs_page import CONF, ROOT
from schemas.groups import schemas

FOLDER = ROOT / "nst" / "bundled" / "schema"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the schemas. The exit status is 2 if a folder of configs does not exist."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config-dir", type=Path, action="append", default=[], help="a folder laid out like conf/")
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder of the schemas")
    options = parser.parse_args(arguments)
    if missing := next((folder for folder in options.config_dir if not folder.is_dir()), None):
        print(f"{missing} is not a folder", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in texts([CONF, *options.config_dir]).items():
        (options.out / name).write_text(text, encoding="utf-8")
    print(options.out)
    return 0


def texts(folders: Sequence[Path]) -> dict[str, str]:
    """{file name: schema as JSON} for conf/ and further folders of configs."""
    return {name: f"{json.dumps(schema, indent=1)}\n" for name, schema in schemas(folders).items()}


if __name__ == "__main__":
    sys.exit(main())
