"""multirun.yaml and the plan of a sweep, by the command in a new process: plugins are found in another order there."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from nst.cli.planned import SUBDIR
from tests.conftest import CONF, ROOT


def test_the_plan_names_folders_as_the_config_does() -> None:
    config: Any = OmegaConf.to_container(OmegaConf.load(CONF / "config.yaml"))
    assert config["hydra"]["sweep"]["subdir"] == SUBDIR


def test_multirun_yaml_has_no_secret_and_is_not_written_through_a_link(tmp_path: Path) -> None:
    sweep, mine = tmp_path / "sweep", tmp_path / "mine"
    sweep.mkdir()
    mine.write_text("mine")
    (sweep / "multirun.yaml").symlink_to(mine)
    address = "https://me:pass@127.0.0.1:9/a.png?token=query"
    overrides = [f"content.image='{address}'", "size=64,65", "extractor=vgg19_slim", f"sweep_dir={sweep}"]
    done = subprocess.run(
        [sys.executable, "-m", "nst.run", "-m", *overrides],
        cwd=ROOT,
        env={**os.environ, "NST_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (1, 2), done.stderr
    assert mine.read_text() == "mine"
    written = (sweep / "multirun.yaml").read_text()
    assert "127.0.0.1:9/a.png" in written
    for text in (written, done.stdout, done.stderr):
        assert "pass" not in text.replace("password", "")
        assert "query" not in text.replace("password or query", "")
