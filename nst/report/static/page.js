// The page: filters and sorts the runs, and draws all parts that show them.
"use strict";

{
  const { data, $, element, runs } = NST;
  const CURVES_AT_FIRST = 6;
  let visible = runs;

  function filter() {
    visible = runs.filter(NST.passes);
    $("count").textContent = visible.length === runs.length ? `${runs.length} runs` : `${visible.length} of ${runs.length} runs`;
    NST.drawScatter(visible);
    arrange();
  }

  function arrange() {
    visible = NST.inOrder(visible);
    NST.drawGallery(visible);
    NST.drawTable(visible);
  }

  function introduce() {
    document.title = `${data.title} · nst`;
    $("title").textContent = data.title;
    const counts = new Map();
    for (const run of runs) counts.set(run.status, (counts.get(run.status) ?? 0) + 1);
    const statuses = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
    const missing = data.notStarted ? `, ${data.notStarted} not started` : "";
    const varied = data.varied.map((knob) => knob.name).join(", ") || "nothing varied";
    $("summary").textContent = `${statuses}${missing} · ${varied} · created ${data.made.slice(0, 16).replace("T", " ")} UTC`;
    $("about").textContent = data.about.join(" · ");
    const used = Object.values(data.originals).filter((original) => original.small).slice(0, 12);
    $("originals").append(...used.map(original));
  }

  function original({ small, role, name }) {
    return element("figure", {}, element("img", { src: small, alt: "" }), element("figcaption", {}, `${role}: ${name}`));
  }

  introduce();
  NST.buildSettings(filter);
  NST.buildFilters(filter);
  NST.buildTable(arrange);
  NST.buildViewer(() => visible);
  for (const run of runs.filter((run) => run.status === "done").slice(0, CURVES_AT_FIRST)) NST.tick(run, true);
  filter();
  NST.drawCurves();
  addEventListener("resize", () => {
    NST.drawScatter(visible);
    NST.drawCurves();
  });
}
