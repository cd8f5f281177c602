// The loss curves of the first runs in one chart, and the choice of the term.
"use strict";

{
  const { $, element, drawn, chart, breakable, drawCurves } = NST;

  const COLORS = ["#2f6fde", "#d9731a", "#2c9a5b", "#b347c9", "#c9373c", "#0f9aa8", "#8a7a1f", "#7a7a85"];
  const colors = new Map(); // of the drawn runs, by id
  let term = "total", last = [];

  const color = (id) => colors.get(id) || "currentColor";

  // A run keeps its color while it is drawn; a new one gets a color that no other has.
  function giveColors(ids) {
    for (const id of colors.keys()) if (!ids.includes(id)) colors.delete(id);
    for (const id of ids) {
      const taken = [...colors.values()];
      if (!colors.has(id)) colors.set(id, COLORS.find((one) => !taken.includes(one)));
    }
  }

  // `runs` has [id, run], in the order of the page.
  function drawLosses(runs) {
    last = runs;
    const some = runs.filter(([, run]) => run.curves.evaluation?.length > 1).slice(0, COLORS.length);
    giveColors(some.map(([id]) => id));
    const terms = [...new Set(some.flatMap(([, run]) => Object.keys(run.curves)))].filter((name) => name !== "evaluation");
    if (terms.length && !terms.includes(term)) [term] = terms;
    $("losses").hidden = !some.length;
    drawCurves(term, color);
    if (!some.length) return;
    $("terms").replaceChildren(...terms.map(choice));
    $("curves").replaceChildren(...drawing(some.filter(([, run]) => run.curves[term])));
  }

  function choice(name) {
    const choose = () => { term = name; drawLosses(last); };
    return element("button", { type: "button", "aria-pressed": String(name === term), onclick: choose }, name);
  }

  function drawing(runs) {
    const all = (key) => runs.flatMap(([, run]) => run.curves[key]);
    const { svg, x, y } = chart($("curves"), "Losses", all("evaluation"), all(term), ["evaluations", `${term}, weighted`], true);
    const legend = element("ul", { class: "legend" });
    for (const [id, run] of runs) {
      const points = run.curves.evaluation.map((step, index) => [step, run.curves[term][index]]).filter(([, value]) => value > 0);
      const line = { class: "curve", stroke: color(id), points: points.map(([step, value]) => `${x(step)},${y(value)}`).join(" ") };
      svg.append(drawn("polyline", line, drawn("title", {}, run.name)));
      const mark = element("i");
      mark.style.background = color(id);
      legend.append(element("li", {}, mark, element("span", {}, breakable(run.name))));
    }
    return [svg, legend];
  }

  addEventListener("resize", () => drawLosses(last));

  Object.assign(NST, { drawLosses });
}
