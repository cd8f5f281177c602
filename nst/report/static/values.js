// The runs, and how their settings and figures are displayed.
"use strict";

{
  const { data } = NST;
  const { settings, comparison } = data;
  const runs = comparison ? [...data.runs].sort((a, b) => (a.setting ?? settings.length) - (b.setting ?? settings.length)) : data.runs;
  const labels = new Map(Object.entries(data.labels)); // of pictures
  const byId = new Map(runs.map((run) => [run.id, run]));

  const settingOf = (run, knob) => run.settings[knob] ?? data.common[knob];

  function shown(value) {
    if (value === undefined || value === null) return "–";
    if (typeof value === "number") return String(Number(value.toPrecision(6)));
    const text = String(value);
    return labels.get(text) ?? text;
  }

  function figure(run, name) {
    const value = run.figures[name];
    if (value === undefined) return "";
    return Number.isInteger(value) ? String(value) : value.toPrecision(value < 1 ? 3 : 4);
  }

  const words = (name) => name.replaceAll("_", " ").replace(/ mib$/, " (MiB)");

  const severalSeeds = new Set(runs.map((run) => run.seed)).size > 1;
  const severalPairs = new Set(runs.map((run) => run.pair)).size > 1;

  const tellsApart = (tag) => !runs.every((run) => run.tags.includes(tag));

  // What the settings that vary do not show: {title, of(run)}.
  const PICTURES = ["pair", "content", "content.image", "style", "style.image"];
  const varies = (...names) => data.varied.some((knob) => names.includes(knob.name));
  const abouts = [
    ...(severalPairs && !varies(...PICTURES) ? [{ title: "pair", of: (run) => run.pair }] : []),
    ...(severalSeeds && !varies("seed") ? [{ title: "seed", of: (run) => run.seed }] : []),
    ...(runs.some((run) => run.tags.length) ? [{ title: "tags", of: (run) => run.tags.join(", ") }] : []),
    ...(runs.some((run) => run.notes) ? [{ title: "notes", of: (run) => run.notes }] : []),
  ];

  // `under` is true below a heading that names the pair.
  function label(run, under = false) {
    if (comparison && run.setting !== null) return [settings[run.setting].name, ...(under ? [] : [run.pair]), ...(severalSeeds ? [`seed ${run.seed}`] : [])].join(", ");
    if (!data.varied.length) return run.name;
    return data.varied.map((knob) => `${knob.short} ${shown(settingOf(run, knob.name))}`).join(", ");
  }

  const missing = (value) => value === undefined || value === null || value === "";

  // Orders numbers by value and text as people do; missing values come last in both directions.
  function compare(a, b, falling = false) {
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    if (falling) return compare(b, a);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  }

  Object.assign(NST, { runs, byId, settingOf, shown, figure, words, label, compare, abouts, severalPairs, tellsApart });
}
