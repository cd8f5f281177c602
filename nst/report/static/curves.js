// The loss curves of the ticked runs; a file of curves is loaded on first use.
"use strict";

{
  const { $, element, drawn, label, chart } = NST;

  const COLORS = ["#2f6fde", "#d9731a", "#2c9a5b", "#b347c9", "#c9373c", "#0f9aa8", "#8a7a1f", "#7a7a85"];
  const ticked = new Set();
  const asked = new Set(), loaded = new Map();
  let term = "total";

  NST.curves = (curves) => {
    for (const [id, entries] of Object.entries(curves)) loaded.set(id, entries);
    drawCurves();
  };

  const isTicked = (run) => ticked.has(run);

  function tick(run, chosen) {
    if (chosen) ticked.add(run);
    else ticked.delete(run);
    drawCurves();
  }

  function load(run) {
    if (!asked.has(run.curves)) document.head.append(element("script", { src: run.curves }));
    asked.add(run.curves);
    return loaded.get(run.id);
  }

  function drawCurves() {
    const chosen = [...ticked].map((run) => ({ run, curves: load(run) })).filter(({ curves }) => curves?.evaluation?.length);
    const terms = [...new Set(chosen.flatMap(({ curves }) => Object.keys(curves)))].filter((name) => name !== "evaluation");
    if (terms.length && !terms.includes(term)) term = terms[0];
    $("terms").replaceChildren(...terms.map(choice));
    const lines = chosen.filter(({ curves }) => curves[term])
      .map(({ run, curves }) => ({ run, steps: curves.evaluation, values: curves[term] }));
    $("curves").replaceChildren(...(lines.length ? drawing(lines) : [element("p", { class: "hint" }, emptiness())]));
  }

  function choice(name) {
    const choose = () => { term = name; drawCurves(); };
    return element("button", { type: "button", "aria-pressed": String(name === term), onclick: choose }, name);
  }

  const emptiness = () => (ticked.size ? "These runs have no loss history." : "Tick runs in the table to show their losses.");

  function drawing(lines) {
    const steps = lines.flatMap((line) => line.steps), values = lines.flatMap((line) => line.values);
    const { svg, x, y } = chart($("curves"), "Losses", steps, values, ["evaluations", `${term}, weighted`], true);
    const legend = element("ul", { class: "legend" });
    lines.forEach((line, index) => {
      const color = COLORS[index % COLORS.length], name = label(line.run);
      const points = line.steps.map((step, i) => [step, line.values[i]]).filter(([, value]) => value > 0)
        .map(([step, value]) => `${x(step)},${y(value)}`).join(" ");
      svg.append(drawn("polyline", { class: "curve", stroke: color, points }, drawn("title", {}, name)));
      legend.append(element("li", {}, element("i", { style: `background:${color}` }), name));
    });
    return [svg, legend];
  }

  Object.assign(NST, { tick, isTicked, drawCurves });
}
