"""The workflows: they run the README's commands on the versions of Python that pyproject.toml names."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.test_readme import blocks

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = {
    path.name: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  texts: `on` is no boolean
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
}
BASH = shutil.which("bash")
TESTS, RELEASE = (WORKFLOWS[name]["jobs"] for name in ("tests.yml", "release.yml"))


def steps(job: dict[str, Any], key: str) -> list[str]:
    return [step[key] for step in job.get("steps", ()) if key in step]


def jobs() -> Iterator[Any]:
    for file, workflow in WORKFLOWS.items():
        for name, job in workflow["jobs"].items():
            yield pytest.param(job, id=f"{file}:{name}")


def test_the_matrix_has_the_versions_of_the_classifiers_on_three_systems() -> None:
    matrix = TESTS["tests"]["strategy"]["matrix"]
    assert matrix["python"] == re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={matrix['python'][0]}"
    assert [system.partition("-")[0] for system in matrix["os"]] == ["ubuntu", "macos", "windows"]


def test_the_tests_are_the_second_command_of_the_readme() -> None:
    assert steps(TESTS["tests"], "run") == [blocks("")[0].splitlines()[1]]


def test_the_linters_are_those_of_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    linters = [line for line in script if line.startswith(("ruff", "basedpyright"))]
    assert len(linters) == 3
    assert steps(TESTS["linters"], "run")[1:] == linters


@pytest.mark.parametrize("job", list(jobs()))
def test_actions_have_a_version_and_jobs_a_time_limit(job: dict[str, Any]) -> None:
    assert all(re.search(r"@(v\d+|release/v\d+)$", action) for action in steps(job, "uses"))
    assert "timeout-minutes" in job or "uses" in job


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=list(WORKFLOWS))
def test_workflows_may_only_read_and_are_not_run_twice(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]


def test_a_release_is_tested_checked_and_published_without_a_password() -> None:
    assert WORKFLOWS["release.yml"]["on"] == {"push": {"tags": ["v*"]}}
    assert RELEASE["tests"]["uses"] == "./.github/workflows/tests.yml"
    assert "workflow_call" in WORKFLOWS["tests.yml"]["on"]
    assert RELEASE["publish"]["needs"] == ["tests", "build"]
    assert RELEASE["publish"]["permissions"] == {"id-token": "write"}
    assert RELEASE["publish"]["environment"]
    assert steps(RELEASE["build"], "run")[-2:] == ["python -m build", "python -m twine check --strict dist/*"]


@pytest.mark.parametrize(("tag", "status"), [(f"v{PROJECT['version']}", 0), ("v99.0", 1), (PROJECT["version"], 1)])
@pytest.mark.skipif(BASH is None, reason="there is no Bash")
def test_a_tag_that_is_not_the_version_is_refused(tag: str, status: int) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(BASH), "-euo", "pipefail", "-c", steps(RELEASE["build"], "run")[0]],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "GITHUB_REF_NAME": tag},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert status == 0 or f"use the tag v{PROJECT['version']}" in done.stdout
