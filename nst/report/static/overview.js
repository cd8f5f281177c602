// A chart of one metric against another, by default style and content distance, with the Pareto front. A point is a
// setting where settings are compared, else a run; runs that differ only in their seed are one point.
"use strict";

{
  const { data, $, drawn, runs, words, label, chart, view } = NST;
  const { settings, comparison } = data;

  const NAMED = 12, SHORT = 40; // at most so many points get labels, if no label has more letters
  const SPREAD = 40; // at most so many points get intervals
  const [across, up] = data.axes; // with more metrics in a search, the front is not a line in this plane
  const placed = (run) => across in run.figures && up in run.figures;
  const thing = comparison ? "setting" : "run";

  function drawScatter(visible) {
    const possible = comparison ? across in comparison.means && up in comparison.means : runs.some(placed);
    $("overview").hidden = !possible;
    const points = !possible ? [] : comparison ? ofSettings(visible) : ofRuns(visible.filter(placed));
    if (!points.length) return $("scatter").replaceChildren();
    $("overview").querySelector(".hint").textContent = hint([...fronts(points)]);
    const title = `${words(across)} against ${words(up)}`;
    $("overview").querySelector("h2").textContent = title[0].toUpperCase() + title.slice(1);
    const baseline = comparison ? { x: around(across, comparison.baseline), y: around(up, comparison.baseline) } : points[0];
    const ends = (axis) => [...points, baseline].flatMap((point) => (spread(points) ? point[axis] : point[axis].slice(0, 1)));
    const { svg, x, y, wall } = chart($("scatter"), title, ends("x"), ends("y"), [words(across), words(up)], false);
    const place = (point) => [x(point.x[0]), y(point.y[0])];
    if (data.axes.length === 2) for (const front of fronts(points)) svg.append(drawn("polyline", { class: "front", points: front.map(place).join(" ") }));
    if (comparison) svg.append(...crossing(x, y));
    if (spread(points)) for (const point of points) svg.append(...intervals(point, x, y));
    for (const point of points) svg.append(dot(point, ...place(point)));
    const room = points.length <= NAMED && points.every(({ name }) => name.length <= SHORT);
    if (room) for (const point of points) svg.append(name(point, ...place(point), wall));
    $("scatter").replaceChildren(svg);
  }

  // A point has a name, x and y, each [value, low, high] or [value], and the runs that it stands for.
  function ofSettings(visible) {
    return [...grouped(visible, (run) => run.setting)].filter(([number]) => comparison.means[across][number])
      .map(([number, own]) => ({ number, name: settings[number].name, runs: own, best: comparison.best.includes(number), x: around(across, number), y: around(up, number) }));
  }

  // The mean of a setting, and the interval of its difference from the baseline, drawn around it.
  function around(metric, number) {
    const [mean] = comparison.means[metric][number].at, own = comparison.differences[metric][number];
    return own ? [mean, mean - own.at[0] + own.at[1], mean - own.at[0] + own.at[2]] : [mean, mean, mean];
  }

  function ofRuns(some) {
    const mean = (own, metric) => [own.reduce((sum, run) => sum + run.figures[metric], 0) / own.length];
    return [...grouped(some, (run) => `${run.setting ?? run.id} ${run.measuredWith}`).values()].map((own) => ({
      name: own.length > 1 ? `${settings[own[0].setting].name}, mean of ${own.length} runs` : label(own[0]),
      runs: own, best: own[0].best, x: mean(own, across), y: mean(own, up),
    }));
  }

  function grouped(some, of) {
    const found = new Map();
    for (const run of some) found.set(of(run), [...(found.get(of(run)) ?? []), run]);
    return found;
  }

  const spread = (points) => comparison && points.length <= SPREAD;

  // Lines through the baseline.
  function crossing(x, y) {
    const at = (metric) => comparison.means[metric][comparison.baseline].at[0];
    return [
      drawn("line", { class: "baseline", x1: x(at(across)), x2: x(at(across)), y1: y.ends[1], y2: y.ends[0] }),
      drawn("line", { class: "baseline", x1: x.ends[0], x2: x.ends[1], y1: y(at(up)), y2: y(at(up)) }),
    ];
  }

  function intervals({ x: [cx, left, right], y: [cy, low, high] }, x, y) {
    return [
      drawn("line", { class: "spread", x1: x(left), x2: x(right), y1: y(cy), y2: y(cy) }),
      drawn("line", { class: "spread", x1: x(cx), x2: x(cx), y1: y(low), y2: y(high) }),
    ];
  }

  function hint(found) {
    if (!comparison && data.axes.length === 2 && !found.length) return "Each run has other pictures, so their distances do not compare.";
    const side = (name, low, high) => (data.higher.includes(name) ? high : low);
    const where = `The best ${thing}s are at the ${side(up, "bottom", "top")} ${side(across, "left", "right")}. `;
    const means = comparison ? ` Dotted lines cross at the baseline, ${settings[comparison.baseline].name}; bars are 95 % intervals of the differences from it.` : "";
    if (data.axes.length === 2) return `${where}The line joins the ${thing}s that no other ${thing} beats in both (Pareto front).${means}`;
    return `${where}Marked ${thing}s form the Pareto front of ${data.axes.map(words).join(", ")}.${means}`;
  }

  // Place the label off the front, which falls: above right of the point; in the right half of the chart, below left.
  function name(point, x, y, wall) {
    const side = x < wall / 2 ? { x: x + 9, y: y - 5 } : { x: x - 9, y: y + 14, "text-anchor": "end" };
    return drawn("text", side, point.name);
  }

  // The best points from left to right, one list per way of measuring.
  function fronts(points) {
    const best = points.filter((point) => point.best).sort((a, b) => a.x[0] - b.x[0]);
    return grouped(best, (point) => (comparison ? "" : point.runs[0].measuredWith)).values();
  }

  function dot({ name, best, runs: [first] }, cx, cy) {
    const open = (event) => {
      if (event.type === "keydown" && !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      view(first);
    };
    const look = best ? { class: "dot best", r: 7 } : { class: "dot", r: 5 };
    const tabindex = best ? 0 : -1; // the other runs are reachable through the pictures
    const use = { tabindex, role: "button", "aria-label": name, "data-run": first.id, onclick: open, onkeydown: open };
    return drawn("circle", { cx, cy, ...look, ...use }, drawn("title", {}, name));
  }

  Object.assign(NST, { drawScatter });
}
