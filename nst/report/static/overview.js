// A chart of one metric against another, by default style and content distance, with the Pareto front.
"use strict";

{
  const { data, $, drawn, runs, words, label, chart, view } = NST;

  const NAMED = 12, SHORT = 40; // at most so many points get labels, if no label has more letters
  const [across, up] = data.axes; // with more metrics in a search, the front is not a line in this plane
  const placed = (run) => across in run.figures && up in run.figures;

  function drawScatter(visible) {
    const points = visible.filter(placed);
    $("overview").hidden = !runs.some(placed);
    if (!points.length) return $("scatter").replaceChildren();
    const xs = points.map((run) => run.figures[across]), ys = points.map((run) => run.figures[up]);
    $("overview").querySelector(".hint").textContent = hint();
    const title = `${words(across)} against ${words(up)}`;
    $("overview").querySelector("h2").textContent = title[0].toUpperCase() + title.slice(1);
    const { svg, x, y, wall } = chart($("scatter"), title, xs, ys, [words(across), words(up)], false);
    const place = (run) => [x(run.figures[across]), y(run.figures[up])];
    if (data.axes.length === 2) for (const front of fronts(points)) svg.append(drawn("polyline", { class: "front", points: front.map(place).join(" ") }));
    for (const run of points) svg.append(dot(run, ...place(run)));
    const room = points.length <= NAMED && points.every((run) => label(run).length <= SHORT);
    if (room) for (const run of points) svg.append(name(run, ...place(run), wall));
    $("scatter").replaceChildren(svg);
  }

  function hint() {
    const side = (name, low, high) => (data.higher.includes(name) ? high : low);
    const where = `The best runs are at the ${side(up, "bottom", "top")} ${side(across, "left", "right")}. `;
    if (data.axes.length === 2) return `${where}The line joins the runs that no other run beats in both (Pareto front).`;
    return `${where}Marked runs form the Pareto front of ${data.axes.map(words).join(", ")}.`;
  }

  // Place the label off the front, which falls: above right of the point; in the right half of the chart, below left.
  function name(run, x, y, wall) {
    const side = x < wall / 2 ? { x: x + 9, y: y - 5 } : { x: x - 9, y: y + 14, "text-anchor": "end" };
    return drawn("text", side, label(run));
  }

  // The best runs from left to right, one list per way of measuring.
  function fronts(points) {
    const found = new Map();
    const best = points.filter((run) => run.best).sort((a, b) => a.figures[across] - b.figures[across]);
    for (const run of best) found.set(run.measuredWith, [...(found.get(run.measuredWith) ?? []), run]);
    return found.values();
  }

  function dot(run, cx, cy) {
    const open = (event) => {
      if (event.type === "keydown" && !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      view(run);
    };
    const look = run.best ? { class: "dot best", r: 7 } : { class: "dot", r: 5 };
    const tabindex = run.best ? 0 : -1; // the other runs are reachable through the pictures
    const use = { tabindex, role: "button", "aria-label": label(run), "data-run": run.id, onclick: open, onkeydown: open };
    return drawn("circle", { cx, cy, ...look, ...use }, drawn("title", {}, label(run)));
  }

  Object.assign(NST, { drawScatter });
}
