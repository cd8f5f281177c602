// The table: a row per run, sorted by the column that was clicked last.
"use strict";

{
  const { data, $, element, runs, settingOf, shown, figure, words, label, compare, view, tick, isTicked, portions } = NST;
  const PORTION = 100;

  const columns = [
    ...data.varied.map((knob) => ({ title: knob.short, hint: knob.name, of: (run) => settingOf(run, knob.name), show: shown })),
    ...data.figures
      .filter((name) => runs.some((run) => name in run.figures))
      .map((name) => ({ title: words(name), kind: "number", of: (run) => run.figures[name], text: (run) => figure(run, name) })),
    { title: "status", kind: "status", of: (run) => run.status },
    { title: "run", kind: "run", of: (run) => run.name },
    ...(runs.some((run) => run.error) ? [{ title: "error", kind: "error bad", of: (run) => run.error }] : []),
  ];
  let order = { column: null, falling: false };

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
    for (const column of columns) {
      const button = element("button", { type: "button", onclick: () => { sortBy(column); changed(); } }, column.title);
      column.head = element("th", { scope: "col", title: column.hint, class: column.kind === "number" && "number" }, button);
      head.append(column.head);
    }
    $("head").append(head);
    const scrolled = ([entry]) => { if (entry.isIntersecting) $("more-rows").click(); };
    new IntersectionObserver(scrolled, { root: $("rows").closest(".wide"), rootMargin: "300px" }).observe($("more-rows"));
  }

  function sortBy(column) {
    order = { column, falling: order.column === column && !order.falling };
    for (const { head, title } of columns) {
      head.removeAttribute("aria-sort");
      head.firstChild.textContent = title;
    }
    column.head.setAttribute("aria-sort", order.falling ? "descending" : "ascending");
    column.head.firstChild.textContent += order.falling ? " ↓" : " ↑";
  }

  function inOrder(some) {
    const { column, falling } = order;
    return column ? [...some].sort((a, b) => compare(column.of(a), column.of(b), falling)) : some;
  }

  const drawTable = portions($("rows"), $("more-rows"), PORTION, row);

  Object.assign(NST, { buildTable, inOrder, drawTable });
}
