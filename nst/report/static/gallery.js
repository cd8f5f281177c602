// The pictures as tiles; each is loaded when it scrolls into view.
"use strict";

{
  const { data, $, element, portions, figure, label, severalPairs, tellsApart, view } = NST;
  const PORTION = 120;

  function tile(run) {
    const open = { type: "button", onclick: () => view(run), "aria-label": `Open ${label(run)}` };
    const picture = run.small
      ? element("img", { src: run.small, loading: "lazy", decoding: "async", alt: "", width: run.size[0], height: run.size[1] })
      : element("span", { class: "none" }, run.status);
    const metrics = data.axes.filter((name) => name in run.figures).map((name) => `${name.split("_")[0]} ${figure(run, name)}`);
    const caption = element("figcaption", {}, label(run, $("by-pair").checked), element("span", {}, metrics.join("  ")));
    if (run.status !== "done") caption.append(element("span", { class: "bad" }, run.small ? run.status : run.error));
    if (run.best) caption.append(element("span", { class: "best" }, data.comparison ? "★ setting on the Pareto front" : "★ Pareto front"));
    const tags = run.tags.filter(tellsApart);
    if (tags.length) caption.append(element("span", {}, tags.join(", ")));
    return element("figure", { "data-run": run.id }, element("button", open, picture), caption);
  }

  function heading({ pair, madeOf }) {
    const sources = madeOf.map((id) => data.originals[id]).filter((original) => original?.small);
    return element("h3", {}, ...sources.map(({ small, role, name }) => element("img", { src: small, alt: `${role}: ${name}` })), pair);
  }

  // The runs, with each pair's after one another if the user wants; `{pair, madeOf}` stands for a heading.
  function arranged(visible) {
    if (!$("by-pair").checked) return visible;
    const pairs = new Map();
    for (const run of visible) pairs.set(run.pair, [...(pairs.get(run.pair) ?? []), run]);
    return [...pairs].flatMap(([pair, own]) => [{ pair, madeOf: own.find((run) => run.madeOf.length)?.madeOf ?? [] }, ...own]);
  }

  const fill = portions($("gallery"), $("more-pictures"), PORTION, (item) => (item.id ? tile(item) : heading(item)));
  let last = [];

  function drawGallery(visible) {
    last = visible;
    fill(arranged(visible));
  }

  $("grouping").hidden = !severalPairs;
  $("by-pair").checked = Boolean(data.comparison);
  $("by-pair").addEventListener("change", () => drawGallery(last));

  Object.assign(NST, { drawGallery });
}
