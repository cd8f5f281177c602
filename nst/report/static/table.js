// The table: a row per run, sorted by the column that was clicked last.
"use strict";

{
  const { data, $, element, runs, settingOf, shown, figure, words, label, sortable, abouts, view, tick, isTicked, portions } = NST;
  const PORTION = 100;

  const columns = [
    ...data.varied.map((knob) => ({ title: knob.short, hint: knob.name, of: (run) => settingOf(run, knob.name), show: shown })),
    ...data.figures
      .filter((name) => runs.some((run) => name in run.figures))
      .map((name) => ({ title: words(name), kind: "number", of: (run) => run.figures[name], text: (run) => figure(run, name) })),
    ...abouts.map(({ title, of }) => ({ title, kind: title === "notes" && "text", of })),
    { title: "status", kind: "status", of: (run) => run.status },
    { title: "run", kind: "run", of: (run) => run.name },
    ...(runs.some((run) => run.error) ? [{ title: "error", kind: "error bad", of: (run) => run.error }] : []),
  ];
  let inOrder = (some) => some;

  function row(run) {
    const box = element("input", { type: "checkbox", "aria-label": `Draw the losses of ${label(run)}` });
    box.checked = isTicked(run);
    box.addEventListener("change", () => tick(run, box.checked));
    return element("tr", { "data-run": run.id }, element("td", {}, box), ...columns.map((column) => cell(run, column)));
  }

  function cell(run, { kind, of, text, show = (value) => value ?? "" }) {
    const content = text ? text(run) : show(of(run));
    if (kind === "run") return element("td", {}, element("button", { type: "button", onclick: () => view(run) }, content));
    return element("td", { class: kind === "status" ? run.status !== "done" && "bad" : kind }, content);
  }

  // `changed` is called when the user selects another order.
  function buildTable(changed) {
    const head = element("tr", {}, element("th", {}));
    inOrder = sortable(head, columns, changed);
    $("head").append(head);
    const scrolled = ([entry]) => { if (entry.isIntersecting) $("more-rows").click(); };
    new IntersectionObserver(scrolled, { root: $("rows").closest(".wide"), rootMargin: "300px" }).observe($("more-rows"));
  }

  const drawTable = portions($("rows"), $("more-rows"), PORTION, row);

  Object.assign(NST, { buildTable, inOrder: (some) => inOrder(some), drawTable });
}
