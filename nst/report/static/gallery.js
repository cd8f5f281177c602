// The pictures as tiles; each is loaded when it scrolls into view.
"use strict";

{
  const { data, $, element, portions, figure, label, view } = NST;
  const PORTION = 120;

  function tile(run) {
    const open = { type: "button", onclick: () => view(run), "aria-label": `Open ${label(run)}` };
    const picture = run.small
      ? element("img", { src: run.small, loading: "lazy", decoding: "async", alt: "", width: run.size[0], height: run.size[1] })
      : element("span", { class: "none" }, run.status);
    const metrics = data.axes.filter((name) => name in run.figures).map((name) => `${name.split("_")[0]} ${figure(run, name)}`);
    const caption = element("figcaption", {}, label(run), element("span", {}, metrics.join("  ")));
    if (run.status !== "done") caption.append(element("span", { class: "bad" }, run.small ? run.status : run.error));
    if (run.best) caption.append(element("span", { class: "best" }, "★ Pareto front"));
    return element("figure", { "data-run": run.id }, element("button", open, picture), caption);
  }

  const drawGallery = portions($("gallery"), $("more-pictures"), PORTION, tile);

  Object.assign(NST, { drawGallery });
}
