"""nst's sweeper and launchers, which Hydra imports at every start; their engines are imported on first use."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper


class GridSweeper(BasicSweeper):
    """`hydra/sweeper=basic`: Hydra's own sweeper, but multirun.yaml has no secrets of addresses.

    `nst.cli.configs` registers it under that name, so that a named sweep can choose another sweeper.
    """

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        """Let the launcher take the configs that the sweeper composes to check them."""
        from nst.cli.composed_once import ComposedOnce

        self._complete = config
        self._composed = hydra_context.config_loader = ComposedOnce(hydra_context.config_loader)
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)

    def split_arguments(self, overrides: Any, max_batch_size: int | None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return batches of the runs that the command has planned at its start."""
        from nst.cli import session

        del overrides
        jobs = session.current().jobs
        assert jobs is not None  # noqa: S101  the command's callback has planned them
        return [jobs] if max_batch_size is None else list(self.split_overrides_to_chunks(jobs, max_batch_size))

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Compose all runs before the first one, then write the plan of the sweep."""
        from nst.cli import session

        self._composed.check(self._complete, batch)
        session.write_plan()

    def sweep(self, arguments: list[str]) -> Any:
        """Do the runs; the launcher has the complete config. What is no file at multirun.yaml is set aside."""
        from nst.redaction import redacted_config
        from nst.runtime import own_files

        config: Any = self.config
        written = Path(config.hydra.sweep.dir) / "multirun.yaml"
        if own_files.is_foreign(written):
            own_files.set_aside(written, "it is not a regular file")

        self.config = redacted_config(config)
        return super().sweep(arguments)


class OptunaSweeper(Sweeper):
    """`hydra/sweeper=nst_optuna`; its settings are those of `nst.search.settings.Settings`."""

    def __init__(self, params: dict[str, str], **settings: Any) -> None:
        self.params, self.settings = params, settings

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        """Store the context and the config, and create the launcher."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run the search; `arguments` take precedence over `params`."""
        from nst.cli import session
        from nst.errors import InputError

        try:
            from nst.search.driver import search
        except ModuleNotFoundError as error:
            if error.name != "optuna":
                raise
            raise InputError('hydra/sweeper=nst_optuna needs Optuna: python -m pip install ".[search]"') from error
        launcher = self.launcher
        given = [f"{key}={value}" for key, value in self.params.items()]
        return search(
            self,
            [*given, *arguments],
            self.settings,
            lambda: isinstance(launcher, EngineLauncher) and launcher.engine,
            session.write_plan,
        )


def _engine(module: str, name: str, settings: Any) -> Any:
    """Create the engine `name` of nst.launch.`module`; raise InputError if a package that it needs is missing."""
    from nst.errors import InputError

    try:
        return getattr(import_module(f"nst.launch.{module}"), name)(**settings)
    except ModuleNotFoundError as error:
        extra = "parallel" if error.name == "joblib" else "cluster"
        raise InputError(f'this launcher needs {error.name}: python -m pip install ".[{extra}]"') from error


class EngineLauncher(Launcher):
    """Base of launchers that execute jobs with an engine of `nst.launch`."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        """Store the context and the config, which composing the jobs needs."""
        del task_function  # the processes import it themselves
        self.hydra_context, self.config = hydra_context, config

    def launch(self, job_overrides: Any, initial_job_idx: int) -> Any:
        """Do a batch of jobs."""
        from nst.launch.engine import launch

        return launch(self.engine, self.hydra_context, self.config, job_overrides, initial_job_idx)

    @cached_property
    def engine(self) -> Any:
        """The engine, created on first use."""
        return self.made()

    @abstractmethod
    def made(self) -> Any:
        """Create the engine."""


class JoblibLauncher(EngineLauncher):
    """`hydra/launcher=nst_joblib`; its settings are those of `nst.launch.joblib.Pool`."""

    def made(self) -> Any:
        """Create an engine for processes on this machine."""
        return _engine("joblib", "Pool", self.settings)


class RayLauncher(EngineLauncher):
    """`hydra/launcher=nst_ray`; its settings are those of `nst.launch.ray.Cluster`."""

    def made(self) -> Any:
        """Create an engine for a running Ray cluster."""
        return _engine("ray", "Cluster", self.settings)


class SlurmLauncher(EngineLauncher):
    """`hydra/launcher=nst_slurm`; its settings are those of `nst.launch.slurm.Slurm`."""

    def made(self) -> Any:
        """Create an engine for Slurm's queue."""
        return _engine("slurm", "Slurm", {"folder": Path(self.config.hydra.sweep.dir) / ".slurm", **self.settings})
