// The form that selects the runs to show.
"use strict";

{
  const { data, $, element, runs, settingOf, shown, words, compare, abouts, tellsApart, isChosen, untick } = NST;

  const tests = [];

  // `changed` is called whenever the selection may change.
  function buildFilters(changed) {
    const form = $("filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", changed);
    form.addEventListener("reset", () => setTimeout(() => { untick(); changed(); }));
    const search = element("input", { type: "search", placeholder: "words in name or settings" });
    form.append(element("label", {}, "Search", search));
    const texts = new Map(runs.map((run) => [run, searchable(run)]));
    tests.push((run) => search.value.toLowerCase().split(/\s+/).every((word) => texts.get(run).includes(word)));
    for (const knob of data.varied) addChoice(form, knob.short, (run) => settingOf(run, knob.name));
    for (const { title, of } of abouts) if (["pair", "seed"].includes(title)) addChoice(form, title, of);
    addTags(form);
    tests.push(isChosen);
    addChoice(form, "status", (run) => run.status);
    for (const name of data.metrics) addBound(form, name);
    form.append(element("button", { type: "reset" }, "Show all"));
  }

  function searchable(run) {
    const settings = Object.entries(run.settings).map(([knob, value]) => `${knob}=${value}`);
    return [run.name, run.status, run.error, run.pair, ...run.tags, run.notes, ...settings].join(" ").toLowerCase();
  }

  function addChoice(form, title, of) {
    const values = [...new Map(runs.map((run) => [String(of(run)), of(run)])).values()].sort(compare);
    if (values.length > 1) addSelect(form, title, values, (run, value) => String(of(run)) === String(value));
  }

  function addTags(form) {
    const tags = [...new Set(runs.flatMap((run) => run.tags))].filter(tellsApart).sort(compare);
    if (tags.length) addSelect(form, "tag", tags, (run, tag) => run.tags.includes(tag));
  }

  function addSelect(form, title, values, fits) {
    const select = element("select", {}, element("option", { value: "" }, "all"));
    values.forEach((value, index) => select.append(element("option", { value: index + 1 }, shown(value))));
    form.append(element("label", {}, title, select));
    tests.push((run) => !select.value || fits(run, values[select.value - 1]));
  }

  function addBound(form, name) {
    if (!runs.some((run) => name in run.figures)) return;
    const higher = data.higher.includes(name);
    const input = element("input", { type: "number", step: "any", placeholder: higher ? "at least" : "at most" });
    form.append(element("label", {}, words(name), input));
    tests.push((run) => {
      if (input.value === "") return true;
      const value = run.figures[name];
      return value !== undefined && (higher ? value >= Number(input.value) : value <= Number(input.value));
    });
  }

  const passes = (run) => tests.every((test) => test(run));

  Object.assign(NST, { buildFilters, passes });
}
