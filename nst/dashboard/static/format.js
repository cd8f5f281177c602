// How numbers and times are displayed.
"use strict";

{
  const shown = (value) => String(Number(value.toPrecision(4)));

  function duration(seconds) {
    if (seconds < 100) return `${Math.round(seconds)} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  const present = (value) => value !== undefined && value !== null;

  // The parts that are there, as one line.
  const line = (...parts) => parts.filter(Boolean).join(" · ");

  // Names of folders have no spaces; a line may end after each of their commas.
  const breakable = (name) => name.replaceAll(",", ",\u200b");

  function progressed(run) {
    if (!present(run.evaluation)) return "";
    const steps = run.status === "running" && present(run.steps) ? ` of ${run.steps}` : "";
    return `${run.evaluation}${steps} evaluations`;
  }

  function figures(run) {
    const running = run.status === "running";
    return [
      line(progressed(run), running && present(run.seconds_left) && `about ${duration(run.seconds_left)} left`,
        !running && present(run.seconds) && duration(run.seconds)),
      line(run.size.length === 2 && `${run.size[1]}x${run.size[0]}`,
        running && run.levels > 1 && `level ${run.level + 1} of ${run.levels}`,
        present(run.loss) && `loss ${shown(run.loss)}`,
        running && present(run.seconds_per_evaluation) && `${shown(Number(run.seconds_per_evaluation.toPrecision(2)))}\u00a0s/evaluation`),
    ];
  }

  Object.assign(NST, { shown, present, line, breakable, figures });
}
