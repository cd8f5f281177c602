"""Hostile command lines: every setting with every kind of bad value, misspelled keys, odd overrides and flags."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml

from nst.runner.schema import GROUPS
from tests.conftest import CONF, Held, Outcome

Command = Callable[..., Outcome]
LIMIT = 20  # seconds for one command
BUDGET = float(os.environ.get("NST_ATTACK_SECONDS", "60"))  # seconds for all of them
COUNT = 1000  # command lines, at most

VALUES = (
    "-1", "0", "0.5", "-0.0", "1e-320", "1e308", "-1e308", str(10**18), str(-(10**18)), "9" * 400, "9" * 5000,
    "nan", "-inf", "inf", "true", "no", "null", "abc", "", "''", "' '", "größe", '"größe"', '"\U0001f600"', r"'\0'",
    "[]", "[null]", "[[1]]", "[1,nan]", "[abc,1e308]", "[-1,-1,-1]", "{}", "{a: 1}", "{_target_: os.getcwd}", "[{}]",
    "[" * 30 + "]" * 30, "[" * 3000 + "]" * 3000, "${nowhere}", "${oc.env:NST_NOWHERE}", "${nst.folder:", "${size}",
    "'${nst.label:${seed}}'", "???", "a b", "a,b", "1..2", "/dev/null", "/", "../..", "~", "x" * 300, "'a\tb'", "%s{}",
)  # fmt: skip
FLAGS = (
    "--foo", "--cfg=zz", "--cfg=job", "--cfg=hydra", "--cfg=job --resolve", "--resolve", "--package=x --cfg=job", "-z",
    "--package=loss.style --cfg=job", "--info=zz", "--info=defaults", "--info=searchpath", "--help", "--hydra-help",
    "--version", "--config-dir=/nowhere", "--config-dir=/dev/null", "--config-name=zz", "--config-path=zz", "-c", "-sc",
    "--run --multirun", "-m --cfg=job", "--experimental-rerun=nowhere", "-m hydra.mode=RUN", "--config-dir",
    "-m seed=range(3,3)", "-m style=glob(zzz*)", "-m seed=range(0,10000000000000)", "-m seed=range(1,2,0)",
    "-m seed=interval(0,1)", "-m seed=choice()", "-m sweep=zz", "sweep=zz", "-m seed=range(0,inf)", "-m seed=sort(1,x)",
    "-m hydra/launcher=zz", "-m hydra/launcher=nst_joblib hydra.launcher.n_jobs=5000", "-m steps=shuffle(x)",
    "-m hydra/launcher=nst_joblib hydra.launcher.threads=5000", "-m hydra/sweeper=nst_optuna", "-m seed=glob(*)",
    "-m hydra/sweeper=nst_optuna seed=range(3,3)", "-m hydra/sweeper=nst_optuna hydra.sweeper.n_trials=nan seed=1,2",
    "-m hydra.sweep.subdir=${nope}", "hydra.run.dir=${nope}", "hydra.run.dir=null", "hydra.run.dir=[1]",
    "hydra.run.dir=/dev/null/x", "hydra.callbacks=null -m", "hydra.job.chdir=zz", "hydra.verbose=zz", "hydra.zz=1",
    "hydra/job_logging=zz", "hydra=zz", "hydra.job.name=null", "hydra.mode=zz", "hydra.sweep.dir=null -m",
)  # fmt: skip
OTHERS = (
    "=", "==", "=1", "~", "+", "++", "~=", "a", "a.b", ".=1", "..=1", "seed.=1", ".seed=1", "seed..x=1", "seed[0]=1",
    "seed=", "+seed", "++", "~seed=5", "~nothing", "~content", "~loss/style", "~observers", "-seed=1", "@=1", "a@b=c",
    "optimizer@nowhere=adam", "optimizer@optimizer.optimizer=adam", "loss/style@loss.style=zz", "+optimizer=adam",
    "+optimizer@size=adam", "optimizer@seed=adam", "content@style=harbor", "style@content=ink", "experiment=zz",
    "experiment=[blog,gordic]", "experiment=null", "schema=1", "_target_=os.getcwd", "+_target_=os.getcwd", "content=",
    "optimizer=[adam,sgd]", "+optimizer._partial_=true", "+optimizer._args_=[1]", "+optimizer._convert_=zz",
    "+optimizer._recursive_=zz", "++optimizer._target_=os.getcwd", "++optimizer._target_=1", "++optimizer._target_=",
    "++optimizer._target_=nowhere.Nothing", "++style._target_=os.getcwd", "++content._target_=nst.style.single",
    "+observers.foo=1", "+observers.foo=null", "+observers.foo={}", "+observers.foo._target_=os.getcwd",
    "color=luminance color.method=pca", "output.formats=tiff", "threads=5000", "size=[10000000,10000000]",
    "style=blend style.weights=[1e308,1e308]", "style=blend style.weights=[1e-320,1e-320]", "style.image=zz#sha256=1",
    "content.image=http://x", "content.image=https://", "content.image=file:///etc/passwd", "content.image=data:,x",
    "extractor=vgg19 extractor.weights=/dev/null", "init=image init.image=/", "stop.patience=1 stop.tolerance=1e-320",
)  # fmt: skip


def leaves(node: Any, path: str) -> Iterator[str]:
    """The dotted names of all settings at or below `node`, mappings included."""
    for key, value in (node if isinstance(node, dict) else {}).items():
        if not str(key).startswith("_") and key not in ("defaults", "hydra"):
            yield f"{path}{key}"
            yield from leaves(value, f"{path}{key}.")


def settings() -> Iterator[tuple[str, str]]:
    """(override that chooses the file, setting) for every setting in conf/."""
    yield from (("", key) for key in leaves(yaml.safe_load((CONF / "config.yaml").read_text()), ""))
    for group in GROUPS:
        for file in sorted((CONF / group).glob("*.yaml")):
            for key in leaves(yaml.safe_load(file.read_text()), f"{group.replace('/', '.')}."):
                yield f"{group}={file.stem}", key


def misspelled(key: str, random_: random.Random) -> str:
    """`key` with one edit: a letter that is missing, doubled, replaced, or in another place."""
    at = random_.randrange(len(key))
    return random_.choice(
        [key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:], key[:at] + "q" + key[at + 1 :], key[at:] + key[:at]]
    )


def command_lines(seed: int) -> list[list[str]]:
    """Hostile command lines in random order; equal seeds give equal lines."""
    random_, known = random.Random(seed), list(settings())
    fixed = [line.split() for line in (*FLAGS, *OTHERS)]
    values = [[choice, f"{key}={value}"] for choice, key in known for value in VALUES]
    keys = [[choice, f"{mark}{misspelled(key, random_)}=1"] for choice, key in known for mark in ("", "+", "++", "~")]
    random_.shuffle(values)
    random_.shuffle(keys)
    lines = [*fixed, *keys[: COUNT // 5]]
    lines += values[: COUNT - len(lines)]
    random_.shuffle(lines)
    return [[part for part in line if part] for line in lines]


def too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def fault(outcome: Outcome) -> str:
    """What is wrong with the end of a command; an empty string if nothing is."""
    if outcome.status == 0:
        return "" if outcome.err == "" else "something on stderr"
    if outcome.status == 1 and statuses() == {"diverged"}:
        return ""
    if outcome.status != 2:
        return f"status {outcome.status}"
    begun = outcome.err.startswith(("nst: ", "package 'x' "))  # the second is Hydra's
    one_line = begun and outcome.err.count("\n") == 1 and len(outcome.err) < 2500
    return "" if one_line and "Traceback" not in outcome.out else "not one line"


def statuses() -> set[str]:
    return {json.loads(path.read_text())["status"] for path in Path().rglob("result.json")}


@pytest.mark.slow
@pytest.mark.timeout(1200 + 2 * BUDGET)
def test_hostile_command_lines_are_refused_in_one_line_or_run(
    nst: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], held: Held
) -> None:
    counts: Counter[str] = Counter()
    faults: list[str] = []
    signal.signal(signal.SIGALRM, too_slow)
    assert nst("size=40", "steps=1").status == 0  # TensorFlow is imported
    end = time.monotonic() + BUDGET
    for number, line in enumerate(command_lines(seed=7)):
        if time.monotonic() > end:
            break
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        began = time.monotonic()
        signal.alarm(LIMIT)
        try:
            outcome = nst("size=40", "steps=1", *line)
            wrong = fault(outcome)
        except BaseException as error:  # noqa: BLE001  also SystemExit with a text
            outcome, wrong = Outcome(-1, "", ""), f"{type(error).__name__}: {error}"
        finally:
            signal.alarm(0)
        counts[str(outcome.status)] += 1
        if wrong:
            shown = [part if len(part) < 100 else f"{part[:80]}..." for part in line]
            faults.append(f"{shown}: {wrong}, {time.monotonic() - began:.0f} s: {outcome.err[:600]}")
            with capfd.disabled():
                print(faults[-1])
    held(f"{counts.total()} hostile command lines: {dict(counts)}, {len(faults)} faults")
    assert not faults, "\n".join(faults)
