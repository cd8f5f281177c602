// The runs, and how their settings and figures are displayed.
"use strict";

{
  const { data } = NST;
  const { runs } = data;
  const PICTURE = /^[^\s<>]*\/[^\s<>\/]+\.\w{3,5}$/; // a path or an address
  const byId = new Map(runs.map((run) => [run.id, run]));

  const settingOf = (run, knob) => run.settings[knob] ?? data.common[knob];

  function shown(value) {
    if (value === undefined || value === null) return "–";
    if (typeof value === "number") return String(Number(value.toPrecision(6)));
    const text = String(value);
    return PICTURE.test(text.split("#")[0]) ? text.split("#")[0].split("/").pop() : text;
  }

  function figure(run, name) {
    const value = run.figures[name];
    if (value === undefined) return "";
    return Number.isInteger(value) ? String(value) : value.toPrecision(value < 1 ? 3 : 4);
  }

  const words = (name) => name.replaceAll("_", " ").replace(/ mib$/, " (MiB)");

  function label(run) {
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

  Object.assign(NST, { runs, byId, settingOf, shown, figure, words, label, compare });
}
