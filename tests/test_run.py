"""The command line: files of a run, messages for bad input, and modules that must not be imported."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from nst.image.io import read_image
from tests.conftest import ROOT, Outcome, only_run

Command = Callable[..., Outcome]


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text())


class TestRun:
    def test_writes_all_files_and_a_complete_record(self, nst: Command) -> None:
        outcome = nst("output.formats=[jpg,webp,tiff]", "observers.snapshots.every=2")
        assert (outcome.status, outcome.err) == (0, "")
        folder = only_run()
        names = {path.name for path in folder.iterdir()}
        files = {
            "result.png",
            "result.jpg",
            "result.webp",
            "result.tiff",
            "result.json",
            "config.yaml",
            "overrides.yaml",
        }
        assert files | {"history.csv", "run.log", "snapshots"} <= names
        assert not [name for name in names if name.endswith("part")]
        assert Path("outputs/latest.png").resolve() == (folder / "result.png").resolve()
        found = record(folder)
        assert found["status"] == "done"
        assert found["evaluations"] == found["full_size_equivalents"] == 4
        assert found["score"] == found["metrics"]["style_distance"]
        assert found["loss"] == pytest.approx(sum(v for term in found["weighted"].values() for v in term.values()))
        provenance = found["provenance"]
        assert {"content", "style"} == set(provenance["pictures"])
        assert all(len(picture["sha256"]) == 64 for picture in provenance["pictures"].values())
        assert provenance["versions"]["tensorflow"]
        assert read_image(folder / "result.png").shape[1:3] == tuple(found["size"]) == (64, 80)

    def test_the_last_lines_give_the_picture_and_the_tensorboard_command(self, nst: Command) -> None:
        lines = nst().out.strip().splitlines()
        picture = lines[-2].split()[-1]
        assert Path(picture).is_file()
        assert lines[-1].split(maxsplit=1)[1].startswith("tensorboard --logdir outputs")

    def test_the_picture_contains_the_recipe(self, nst: Command) -> None:
        nst("loss.style.weight=77")
        folder = only_run()
        with Image.open(folder / "result.png") as picture:
            text = picture.text  # pyright: ignore[reportAttributeAccessIssue]
        assert yaml.safe_load(text["nst.config"]) == yaml.safe_load((folder / "config.yaml").read_text())
        assert yaml.safe_load(text["nst.config"])["loss"]["style"]["weight"] == 77
        assert json.loads(text["nst.record"])["provenance"] == record(folder)["provenance"]

    def test_no_file_contains_the_home_folders_path(
        self, nst: Command, pictures: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(pictures))
        nst()
        for path in only_run().iterdir():
            assert str(pictures).encode() not in path.read_bytes(), path.name
        with Image.open(only_run() / "result.png") as picture:
            assert str(pictures) not in str(picture.text)  # pyright: ignore[reportAttributeAccessIssue]

    def test_a_completed_run_is_not_repeated_in_its_folder(self, nst: Command) -> None:
        first = nst("hydra.run.dir=here")
        before = (Path("here/result.png").stat().st_mtime_ns, record(Path("here")))
        again = nst("hydra.run.dir=here", "threads=1", "observers=quiet")
        assert (first.status, again.status) == (0, 0)
        assert "done already" in again.out
        assert before == (Path("here/result.png").stat().st_mtime_ns, record(Path("here")))

    def test_another_run_in_the_folder_is_refused_and_the_record_is_kept(self, nst: Command) -> None:
        nst("hydra.run.dir=here")
        before = record(Path("here"))
        for other in ("seed=1", "loss.style.weight=2", "content.image=no.jpg", "size=79"):
            outcome = nst("hydra.run.dir=here", other)
            assert outcome.status == 2
            assert record(Path("here")) == before

    def test_a_folder_in_use_by_another_process_is_refused(self, nst: Command) -> None:
        from nst.runner.folder import RunFolder

        with RunFolder(Path("here")):
            outcome = nst("hydra.run.dir=here")
        assert outcome.status == 2
        assert "another process" in outcome.err

    def test_a_diverged_run_keeps_its_last_good_picture(self, nst: Command) -> None:
        outcome = nst("optimizer=sgd", "optimizer.learning_rate=1e20", "optimizer.box=false")
        assert outcome.status == 1
        found = record(only_run())
        assert found["status"] == "diverged"
        assert read_image(only_run() / "result.png").shape == (1, 64, 80, 3)

    def test_snapshots_have_the_results_colors(self, nst: Command) -> None:
        nst("color=luminance", "observers.snapshots.every=3", "steps=3", "pyramid=single")
        snapshot, result = (read_image(only_run() / name) for name in ("snapshots/00003.png", "result.png"))
        np.testing.assert_array_equal(snapshot, result)

    def test_the_score_holds_the_requested_metrics(self, nst: Command) -> None:
        nst("score=[ssim,content_distance]")
        found = record(only_run())
        assert found["score"] == [found["metrics"]["ssim"], found["metrics"]["content_distance"]]

    def test_a_run_starts_from_a_given_picture(self, nst: Command, pictures: Path) -> None:
        nst("init=image", f"init.image={pictures / 'style.png'}", "steps=1")
        start = read_image(pictures / "style.png", (64, 80))
        np.testing.assert_allclose(read_image(only_run() / "result.png"), start, atol=0.05)

    def test_an_empty_output_folder_means_the_current_folder(self, nst: Command) -> None:
        assert nst("output.folder=").status == 0
        assert Path("latest.png").exists()
        assert only_run(Path())

    def test_null_switches_an_observer_off(self, nst: Command) -> None:
        assert nst("observers.tensorboard=null").status == 0
        assert not list(only_run().glob("events.*"))

    def test_a_wide_picture_skips_levels_of_too_small_a_height(self, nst: Command, tmp_path: Path) -> None:
        Image.new("RGB", (400, 80), "teal").save(tmp_path / "wide.png")
        assert nst(f"content.image={tmp_path / 'wide.png'}", "size=200", "pyramid=octaves").status == 0
        assert [level["height"] for level in record(only_run())["levels"]] == [40]

    def test_a_run_with_the_content_loss_alone_does_not_diverge(self, nst: Command) -> None:
        outcome = nst("loss.style.weight=0", "loss.smooth.weight=0", "optimizer=adam")
        assert (outcome.status, record(only_run())["status"]) == (0, "done")

    def test_the_blog_experiment_runs(self, nst: Command) -> None:
        outcome = nst("experiment=blog", "steps=3", "size=[64,64]", "pyramid=single")
        assert outcome.status == 0
        assert (only_run() / "result.jpg").is_file()
        assert record(only_run())["choices"]["experiment"] == "blog"


def test_the_same_config_gives_the_same_pixels_in_another_process_under_load(nst: Command, pictures: Path) -> None:
    arguments = [f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}"]
    arguments += [
        "extractor=vgg19_slim",
        "metrics.network=own",
        "size=80",
        "steps=12",
        "init=noise",
        "seed=5",
        "pyramid=octaves",
    ]
    assert nst(*arguments, "hydra.run.dir=here").status == 0
    command = [sys.executable, "-m", "nst.run", *arguments, f"hydra.run.dir={Path.cwd()}/there"]
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as load:
        try:
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        finally:
            load.kill()
    np.testing.assert_array_equal(read_image("here/result.png"), read_image("there/result.png"))
    assert record(Path("here"))["metrics"] == record(Path("there"))["metrics"]


class TestSweep:
    def test_the_sweeper_gets_the_scores(self, nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        from hydra._internal.core_plugins import basic_sweeper
        from hydra.core.plugins import Plugins

        Plugins.instance()  # the constructor imports the sweepers again
        scores: list[Any] = []
        sweep = basic_sweeper.BasicSweeper.sweep

        def sweep_and_record(self: Any, arguments: list[str]) -> Any:
            returned = sweep(self, arguments)
            scores.extend(job.return_value for batch in returned for job in batch)
            return returned

        monkeypatch.setattr(basic_sweeper.BasicSweeper, "sweep", sweep_and_record)
        nst("-m", "seed=1,2", "sweep_dir=swept", "score=[ssim]", "init=noise")
        assert sorted(scores) == sorted(record(path)["metrics"]["ssim"] for path in Path("swept").glob("*seed=*/"))


def bad_picture(folder: Path, name: str) -> str:
    """An override for a content picture that is not valid."""
    path = folder / name
    if name == "text.jpg":
        path.write_text("no picture")
    elif name == "empty.png":
        path.touch()
    elif name == "short.jpg":
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99, 3), np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:1500])
    elif name == "bomb.png":
        Image.new("1", (30_000, 10_000)).save(path)
    elif name == "wide.png":
        Image.new("RGB", (400, 40)).save(path)
    elif name == "folder":
        path.mkdir()
    return f"content.image={path}"


BAD_PICTURES = {
    "missing.jpg": "there is no such file",
    "folder": "is a folder",
    "empty.png": "is an empty file",
    "text.jpg": "is not a readable picture: save it as JPEG, PNG",
    "short.jpg": "is broken",
    "bomb.png": "too large: over 89 million pixels",
    "wide.png": "the short side must be at least 32 pixels, not 80x8",
}

BAD_ARGUMENTS = {
    "size=40cm": "size=40cm needs the pixels per inch, like output.dpi=300",
    "output.dpi=0": "output.dpi must be at least 1, not 0",
    "tiles=63": "tiles must be at least 64, not 63",
    "tiles=big": "tiles must be auto, off, or a side in pixels, not big",
    "size=31": "size must be at least 32, not 31",
    "size=[64,64,64]": "size must be the long side or [height, width]",
    "size=big": "size must be a whole number, not big",
    "steps=0": "steps must be at least 1, not 0",
    "steps=abc": "steps: Value 'abc' of type 'str' could not be converted to Integer",
    "threads=0": "threads must be at least 1, not 0",
    "loss.style.weight=-1": "loss.style.weight must be at least 0, not -1",
    "loss.content.weight=inf": "loss.content.weight must be a finite number, not inf",
    "loss.smooth.weight=nan": "loss.smooth.weight must be a finite number, not nan",
    "loss.style.layers=[block4_conv9]": "layer 'block4_conv9' is unknown; did you mean 'block4_conv",
    "loss.style.normalizer=gatyz": "normalizer 'gatyz' is unknown; did you mean 'gatys'?",
    "style=starry_nigth": "there is no style=starry_nigth; did you mean 'starry_night'?",
    "loss/style=gramm": "there is no loss/style=gramm; did you mean 'gram'?",
    "optimizer=lbgfs": "there is no optimizer=lbgfs; did you mean 'lbfgs'?",
    "stepz=3": "'stepz' is unknown; did you mean 'steps'?",
    "+stepz=3": "'stepz' is unknown; did you mean 'steps'?",
    "loss.style.wieght=3": "'loss.style.wieght' is unknown; did you mean 'weight'?",
    "+loss.style.wieght=3": "'loss.style.wieght' is unknown; did you mean 'weight'?",
    "optimizer.learning_rate=3": "'optimizer.learning_rate' is unknown; optimizer=adam and optimizer=sgd have it",
    "optimizer.history=0": "optimizer.history must be at least 1, not 0",
    "precision=float16": "precision: 'float16' is unknown; did you mean 'bfloat16'?",
    "score=[ssi]": "'ssi' is unknown; did you mean 'ssim'?",
    "output.formats=[gif]": "format 'gif' is unknown; did you mean 'tiff'?",
    "init=image": "'init.image' is required",
    "content.image=catt": "picture 'catt' is neither a known name, a file nor a folder; did you mean 'cat'?",
    "content.image=http://127.0.0.1/x.jpg": "only https addresses are allowed",
    "content.image=https://127.0.0.1:9/x.jpg": "cannot be reached",
    "content.image=a,b.jpg": """'content.image="a,b.jpg"' for a name""",
    "content.image=größe.jpg": """inside the shell's quotes: 'content.image="größe.jpg"'""",
    "me": "'me' is not an override: write key=value",
    "content=../me.jpg": "for your own picture use content.image=../me.jpg",
    "style.scale=0": "style.scale must be above 0",
    "pyramid.ratios=[1]": "is unknown",
    "extractor.pooling=avgg": "extractor.pooling 'avgg' is unknown; did you mean 'avg'?",
    "stop.patience=0": "stop.patience must be at least 1, not 0",
    "seed=-1": "seed must be at least 0, not -1",
    "score=[]": "score must name at least one of",
    "optimizer.box=no": "optimizer.box must be true or false, not no",
    "optimizer=null": "null",
    "~optimizer": "'optimizer' is required",
    "~steps": "'steps' is required",
    "loss.style.layers=null": "loss.style.layers must be a list",
    "style.image=null": "neither a known name, a file nor a folder",
    "style.image=": "style.image is empty; give the name of a picture, a path or an address",
    "content.image=": "content.image is empty; give the name of a picture, a path or an address",
    "extractor.weights=5": "is unknown",
    "+observers.histroy.every=3": "'observers.histroy' is unknown; did you mean 'history'?",
    "observers.history.every=0": "observers.history.every must be at least 1, not 0",
    "threads=5000": "threads is 5000, but this process can use only",
    "steps=1000000000000000000": "steps must be at most 10000000, not 1000000000000000000",
    f"seed={'9' * 400}": "seed must be at most 9223372036854775807",
    "+optimizer._partial_=true": "'optimizer._partial_' is not a setting",
    "+observers.foo=1": "'observers.foo' is unknown; choose from console",
    "+observers.foo={_target_: os.remove, path: result.json}": "observers.foo: Target 'os.remove' is",
    f"size={'[' * 900}{']' * 900}": "nested too deeply",
    f"size={'[' * 40}{']' * 40}": "size must be a whole number, not [[[",
    "size=${stepz}": "size: there is no setting 'stepz' to insert; did you mean 'steps'?",
    "size=${oc.env:NST_NOWHERE}": "size: KeyError raised while resolving interpolation",
    "size=${size}": "size: Recursive interpolation detected",
    "output=${size}": "'output' must contain settings, like output.folder=..., not 80",
    "+stop.toleranec=1": "'stop.toleranec' is unknown; did you mean 'tolerance'?",
    "output.formats=tiff": "output.formats must be a list, like [tiff]",
    "score=ssim": "score must be a list, like [ssim]",
    "color.method=pca": "'color.method' is unknown; color=histogram has it",
    "+color.method=pca": "'color.method' is unknown; color=histogram has it",
    "optimizer.momentum=0.5": "; optimizer=sgd has it",
    "style.wieght=3": "'style.wieght' is unknown; did you mean 'loss.style.weight'?",
    "content.layer=[block1_conv1]": "'content.layer' is unknown; did you mean 'loss.content.layers'?",
    "stop.jitter=2": "'stop.jitter' is unknown; did you mean 'jitter'?",
    "size = 128": "cannot read 'size = 128'; write size=128, without spaces around '='",
    "style.image =a,b.jpg": "write style.image=a,b.jpg, without spaces",
}


class TestBadInput:
    @staticmethod
    def assert_one_error_line(outcome: Outcome, message: str) -> None:
        assert outcome.status == 2
        assert outcome.err.startswith("nst: ")
        assert outcome.err.count("\n") == 1
        assert message in outcome.err
        assert not list(Path().glob("outputs/*")), "a mistyped run leaves no folder"

    @pytest.mark.parametrize(("name", "message"), BAD_PICTURES.items())
    def test_a_bad_picture_is_refused(self, name: str, message: str, nst: Command, tmp_path: Path) -> None:
        self.assert_one_error_line(nst(bad_picture(tmp_path, name)), message)

    @pytest.mark.parametrize(("argument", "message"), BAD_ARGUMENTS.items())
    def test_a_bad_argument_is_refused(self, argument: str, message: str, nst: Command) -> None:
        self.assert_one_error_line(nst(argument), message)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("stepz: 3", "'stepz' is unknown; did you mean 'steps'?"),
            ("stop: {patiense: 3}", "'patiense' is unknown; did you mean 'patience'?"),
            ("loss: {style: {wieght: 3}}", "'loss.style.wieght' is unknown; did you mean 'weight'?"),
            ("observers: {tensorbord: {every: 3}}", "'observers.tensorbord' is unknown; did you mean 'tensorboard'?"),
        ],
    )
    def test_a_misspelled_key_in_a_users_file_is_refused(
        self, text: str, message: str, nst: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "mine" / "experiment").mkdir(parents=True)
        (tmp_path / "mine" / "experiment" / "own.yaml").write_text(f"# @package _global_\n{text}\n")
        self.assert_one_error_line(nst("--config-dir=mine", "experiment=own"), message)

    def test_auto_without_weights_and_fallback_is_refused(
        self, nst: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nst.extractor import imagenet

        monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
        monkeypatch.setattr(imagenet, "HOST", "https://127.0.0.1:9")
        self.assert_one_error_line(nst("extractor=auto", "fallback=false"), "fallback=true allows the 8-bit weights")

    def test_weights_of_styles_that_overflow_are_refused(self, nst: Command, pictures: Path) -> None:
        styles = f"style.images=[{pictures / 'style.png'},{pictures / 'content.png'}]"
        outcome = nst("style=blend", styles, "style.weights=[1e308,1e308]")
        self.assert_one_error_line(outcome, "style.weights must be at most 1e+30, not 1e+308")

    def test_a_mix_without_a_mapping_of_parts_is_refused(self, nst: Command) -> None:
        self.assert_one_error_line(nst("loss/style=mix", "loss.style.parts=gram"), "a mix needs at least one part")

    def test_content_and_style_weight_zero_are_refused(self, nst: Command) -> None:
        self.assert_one_error_line(nst("loss.style.weight=0", "loss.content.weight=0"), "are both 0")

    def test_an_invalid_weights_file_is_refused(self, nst: Command, tmp_path: Path) -> None:
        (tmp_path / "w.h5").write_text("no weights")
        outcome = nst("extractor=vgg19", f"extractor.weights={tmp_path / 'w.h5'}")
        self.assert_one_error_line(outcome, "w.h5 is not a Keras weights file, or it is broken")

    def test_an_output_folder_that_cannot_be_created_is_refused(self, nst: Command) -> None:
        Path("outputs").touch()
        self.assert_one_error_line(
            nst(), "cannot be created or written (Not a directory); choose another output.folder=..."
        )

    def test_an_unreachable_picture_without_fallback_is_refused(
        self, nst: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nst.assets import find as assets

        entry = {"sources": [{"address": "https://127.0.0.1:9/x.jpg"}, {"bundled": "pictures/starry_night.jpg"}]}
        monkeypatch.setattr(assets, "catalogue", lambda: {"far": entry})
        self.assert_one_error_line(
            nst("style.image=far", "fallback=false"), "fallback=true allows the bundled replacement of 'far'"
        )

    def test_another_keras_backend_is_refused(self, nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KERAS_BACKEND", "jax")
        self.assert_one_error_line(nst(), "KERAS_BACKEND is jax")

    def test_a_bug_gives_one_line_and_its_traceback_is_in_the_log(
        self, nst: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nst.transfer import stylize

        def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError("by accident")

        monkeypatch.setattr(stylize, "stylize", fail)
        outcome = nst()
        assert outcome.status == 1
        assert outcome.err.count("\n") == 1
        assert "ZeroDivisionError: by accident (traceback: " in outcome.err
        assert "Traceback" in (only_run() / "run.log").read_text()
        assert record(only_run())["status"] == "failed"


def test_a_closed_output_pipe_does_not_end_the_run(pictures: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nst.run", f"content.image={pictures / 'content.png'}", "steps=4", "size=80"]
    command += [
        f"style.image={pictures / 'style.png'}",
        "extractor=vgg19_slim",
        "metrics.network=own",
        f"hydra.run.dir={tmp_path}",
    ]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert record(tmp_path)["status"] == "done", done.stderr
    assert read_image(tmp_path / "result.png").shape == (1, 64, 80, 3)


def run_in_separate_process(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a separate process, which prints at its end whether TensorFlow was imported."""
    script = f"import sys; sys.argv = ['nst', *{list(arguments)!r}]; import nst.run\n{code}\n"
    script += (
        "try:\n    status = nst.run.main()\nexcept SystemExit as e:\n    status = e.code\n"
        "print('\\ntensorflow' in sys.modules, status)"
    ).replace("'\\ntensorflow'", "'tensorflow'")
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--cfg", "job"],
        ["stepz=1"],
        ["style=wave"],
        ["content.image=nowhere.jpg", "hydra.run.dir=/tmp/nst-test"],
    ],
    ids=" ".join,
)
def test_commands_without_a_run_do_not_import_tensorflow(arguments: list[str], tmp_path: Path) -> None:
    arguments = [argument.replace("/tmp/nst-test", str(tmp_path)) for argument in arguments]  # noqa: S108
    done = run_in_separate_process(*arguments)
    assert done.stdout.strip().splitlines()[-1].startswith("False"), done


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_with_its_picture_and_record(
    number: signal.Signals, status: int, pictures: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "nst.run", f"content.image={pictures / 'content.png'}", "steps=100000", "size=80"]
    command += [
        f"style.image={pictures / 'style.png'}",
        "extractor=vgg19_slim",
        "metrics.network=own",
        f"hydra.run.dir={tmp_path}",
        "optimizer=adam",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        history = tmp_path / "history.csv"
        while (not history.exists() or history.read_text().count("\n") < 5) and time.monotonic() < deadline:
            time.sleep(0.1)
        os.kill(process.pid, number)
        if number == signal.SIGTERM:  # schedulers send it repeatedly
            os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (status, "")
    assert f"python -m nst.resume {tmp_path}" in out
    found = record(tmp_path)
    assert found["status"] == "interrupted"
    assert found["evaluations"] >= 4
    assert read_image(tmp_path / "result.png").shape == (1, 64, 80, 3)
