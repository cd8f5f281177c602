// The settings: means over the pairs, and differences from the baseline, with intervals drawn to scale.
"use strict";

{
  const { data, $, element, drawn, words, portions, sortable } = NST;
  const { settings, comparison } = data;

  const PORTION = 100, WIDTH = 150, HEIGHT = 18, MARGIN = 5;
  const ticked = new Set(); // numbers of settings
  const boxes = new Map();
  let metric, inOrder, changed, scales;

  const isChosen = (run) => !ticked.size || ticked.has(run.setting);
  const mean = (number) => comparison.means[metric][number];
  const difference = (number) => comparison.differences[metric][number];
  const wins = (number) => [difference(number) ? `${difference(number).wins} of ${comparison.pairs}` : ""];

  const columns = [
    { title: "setting", of: (number) => number, show: name },
    { title: "runs", kind: "number", of: (number) => settings[number].runs },
    { title: "mean", kind: "number", of: (number) => mean(number).at[0], show: (number) => shown(mean(number), scales.means) },
    { title: "difference", kind: "number", of: (number) => difference(number)?.at[0], show: (number) => shown(difference(number), scales.differences) },
    { title: "wins", kind: "number", of: (number) => difference(number)?.wins, show: wins },
    { title: "adjusted p", kind: "number", of: (number) => difference(number)?.adjusted, show: (number) => [difference(number)?.adjusted.toPrecision(2) ?? ""] },
    { title: "verdict", of: verdict },
  ];

  function verdict(number) {
    if (number === comparison.baseline) return "baseline";
    const { different, at } = difference(number);
    return different ? ((at[0] > 0) === data.higher.includes(metric) ? "better" : "worse") : "undecided";
  }

  function name(number) {
    const best = comparison.best.includes(number);
    return [settings[number].name, ...(best ? [element("span", { class: "best", title: "Pareto front" }, " ★")] : [])];
  }

  function shown(interval, scale) {
    return interval ? [interval.text, bar(interval.at, scale)] : [""];
  }

  function bar([at, low, high], scale) {
    const svg = drawn("svg", { class: "interval", width: WIDTH, height: HEIGHT, "aria-hidden": "true" }), y = HEIGHT / 2;
    if (scale.zero) svg.append(drawn("line", { class: "zero", x1: scale(0), x2: scale(0), y1: 0, y2: HEIGHT }));
    svg.append(drawn("line", { class: "span", x1: scale(low), x2: scale(high), y1: y, y2: y }), drawn("circle", { cx: scale(at), cy: y, r: 4 }));
    return svg;
  }

  function scaled(intervals, zero) {
    const ends = [...Object.values(intervals).flatMap(({ at }) => at), ...(zero ? [0] : [])];
    const low = Math.min(...ends), width = Math.max(...ends) - low || 1;
    return Object.assign((value) => MARGIN + ((value - low) / width) * (WIDTH - 2 * MARGIN), { zero });
  }

  function row(number) {
    const box = element("input", { type: "checkbox", "aria-label": `Show only ${settings[number].name}` });
    box.checked = ticked.has(number);
    box.addEventListener("change", () => {
      if (box.checked) ticked.add(number);
      else ticked.delete(number);
      changed();
    });
    boxes.set(number, box);
    const look = { baseline: "baseline", better: "different", worse: "different" }[verdict(number)];
    const cells = columns.map(({ title, kind, of, show }) => element("td", { class: title === "setting" ? "name" : kind }, ...(show ? show(number) : [String(of(number))])));
    return element("tr", { class: look, "data-setting": number }, element("td", {}, box), ...cells);
  }

  function choice(own) {
    const choose = () => { metric = own; draw(); };
    const arrow = data.higher.includes(own) ? "↑" : "↓";
    return element("button", { type: "button", "aria-pressed": String(own === metric), title: arrow === "↑" ? "higher is better" : "lower is better", onclick: choose }, `${words(own)} ${arrow}`);
  }

  const drawRows = portions($("setting-rows"), $("more-settings"), PORTION, row);

  function draw() {
    scales = { means: scaled(comparison.means[metric], false), differences: scaled(comparison.differences[metric], true) };
    const names = Object.keys(comparison.means);
    $("compared").replaceChildren(...[...comparison.axes, ...names.filter((own) => !comparison.axes.includes(own))].map(choice));
    drawRows(inOrder(Object.keys(comparison.means[metric]).map(Number)));
  }

  // `filter` is called when the user ticks a setting.
  function buildSettings(filter) {
    if (!comparison) return;
    changed = filter;
    metric = comparison.axes[0];
    $("settings").hidden = false;
    $("caption").textContent = `Tick settings to see only their runs below. ${comparison.caption}`;
    $("not-compared").replaceChildren(...comparison.problems.map((problem) => element("li", {}, problem)));
    const head = element("tr", {}, element("th", {}));
    inOrder = sortable(head, columns, draw);
    $("setting-head").append(head);
    draw();
  }

  function untick() {
    ticked.clear();
    for (const box of boxes.values()) box.checked = false;
  }

  Object.assign(NST, { buildSettings, isChosen, untick });
}
