"""The command: `python -m nst.run`, installed as `nst`. Hydra begins and ends here; the job imports TensorFlow."""

from __future__ import annotations

import os
import re
import sys
from hashlib import sha1
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from nst import complaints, knobs, schema, sweep

LONGEST_SLUG = 100
MULTIRUN = ("-m", "--multirun")


def conf_dir() -> str:
    """The folder of configs: inside an installed package, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "conf", here.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return str(folder)
    raise SystemExit("nst: conf/config.yaml is missing; the installation is broken")


def slug(text: str, whole: str | None = None) -> str:
    """`text` as a folder's name; where that is not the `whole` of what is named, a hash follows: no two become one."""
    name, whole = _clean(text), text if whole is None else whole
    if name == whole and len(name.encode()) <= LONGEST_SLUG:
        return name
    return f"{_cut(name, LONGEST_SLUG - 9)}-{sha1(whole.encode(), usedforsecurity=False).hexdigest()[:8]}"


def run_name(dirname: str) -> str:
    """A job's overrides as a folder's name that TensorBoard has room for: knobs by their last two parts, files by name.

    `dirname` is Hydra's list of them, `key=value,key=value`.
    """
    parts = [part.partition("=") for part in re.split(r",(?=[^,\[\]()]*=)", str(dirname))]
    whole = ",".join(f"{knobs.short(key)}{mark}{value}" for key, mark, value in parts)
    brief = ",".join(f"{knobs.short(key)}{mark}{_last_name(value)}" for key, mark, value in parts)
    return slug(brief, whole)


def _last_name(value: str) -> str:
    """A path's or address's last part; of a list, what is in it."""
    return re.sub(r"[\[\]\"' ]", "", value) if value.startswith("[") else value.rpartition("/")[2]


def label(group: str, *, _root_: DictConfig) -> str:
    """A short name of what is chosen for `content` or `style`, for folders."""
    image = OmegaConf.select(_root_, f"{group}.image", throw_on_missing=False)
    return _cut(_clean(Path(str(image).partition("#")[0]).stem), 40) if image else group


def folder(*, _root_: DictConfig) -> str:
    """`output.folder`, or where the person stands if that is empty: joined with a slash it would be the root."""
    return str(OmegaConf.select(_root_, "output.folder") or ".")


def _clean(text: Any) -> str:
    return re.sub(r"[^\w.,=-]+", "-", str(text)).strip("-.") or "run"


def _cut(text: str, most: int) -> str:
    """To so many bytes, which is what file systems count."""
    return text.encode()[:most].decode(errors="ignore")


def register_resolvers() -> None:
    """Make `${nst.run_name:...}`, `${nst.label:...}` and `${nst.folder:}` known to configs."""
    OmegaConf.register_new_resolver("nst.folder", folder, replace=True)
    OmegaConf.register_new_resolver("nst.run_name", run_name, replace=True)
    OmegaConf.register_new_resolver("nst.label", label, replace=True)


def task(config: DictConfig) -> Any:
    """One run; the score, for a sweeper. A failure is recorded and told, and the sweep goes on."""
    from nst import experiment
    from nst.request import Request, score

    hydra_ = HydraConfig.get()
    in_a_sweep = hydra_.mode == RunMode.MULTIRUN
    request = Request(
        config,
        folder=Path(hydra_.runtime.output_dir),
        overrides=list(hydra_.overrides.task),
        choices=dict(hydra_.runtime.choices),
        resume_with=_override("sweep_dir", hydra_.sweep.dir)
        if in_a_sweep
        else _override("hydra.run.dir", hydra_.run.dir),
        sweep=Path(hydra_.sweep.dir) if in_a_sweep else None,
    )
    try:
        record = experiment.run(request)
    except Exception as error:  # noqa: BLE001  whatever it is, the other runs of a sweep are not to blame
        sweep.note(complain(error, request.folder / "run.log"))
        return float("nan")
    sweep.note(0 if record["status"] in ("done", "pruned") else 1)
    return score(config, record["metrics"]) if record["status"] == "done" else float("nan")


job = hydra.main(version_base="1.3", config_path=conf_dir(), config_name="config")(task)


def _override(key: str, value: str) -> str:
    """As it can be put behind the command."""
    plain = re.fullmatch(r"[\w./:~-]+", value, re.ASCII)
    return f"{key}={value}" if plain else complaints.quoted(f"{key}={value}")


def complain(error: BaseException, log_file: Path | None = None) -> int:
    """One line on stderr; the exit status it stands for."""
    before_the_job = (*complaints.MENDABLE, OSError, ValueError)  # composing the config, making the folder
    mendable = isinstance(error, before_the_job if log_file is None else complaints.MENDABLE)
    where = f" (traceback: {log_file})" if log_file and not mendable else ""
    print(f"nst: {complaints.one_line(error)}{where}", file=sys.stderr)  # noqa: T201
    return 2 if mendable else 1


def main() -> int:
    """The whole command; its exit status: 0 done, 1 diverged or failed, 2 bad input, 130 and 143 interrupted."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # the original error comes out, and its one line is ours to write
    schema.register()
    register_resolvers()
    sweep.forget()
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda argument: argument not in MULTIRUN)  # Hydra wants no flag in between
    try:
        status = _run()
        sweep.finish()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  the last place where it can become one line
        return complain(error)
    return status


def _run() -> int:
    """One job or a sweep of them; the exit status, 130 for a sweep that was interrupted and can be told of."""
    try:
        job()
    except KeyboardInterrupt:
        return 130
    return (
        sweep.statuses[0] if len(sweep.statuses) == 1 else max((min(found, 1) for found in sweep.statuses), default=0)
    )


if __name__ == "__main__":
    sys.exit(main())
