// The page of a watch: receives changes as server-sent events, and draws what has changed.
"use strict";

{
  const { $, element, present, line, update, arrange, drawLosses } = NST;

  const runs = new Map(); // {id: run}

  function receive({ data }) {
    const news = JSON.parse(data);
    for (const [id, run] of Object.entries(news.runs)) {
      runs.set(id, run);
      update(id, run);
    }
    for (const id of [...runs.keys()]) if (!news.order.includes(id)) runs.delete(id);
    arrange(news.order);
    summarize(news);
    drawLosses(news.order.map((id) => [id, runs.get(id)]));
  }

  function summarize({ title, statuses, before, sweeps }) {
    const counts = Object.entries(statuses).map(([status, count]) => `${count} ${status}`).join(", ");
    $("title").textContent = title;
    $("summary").textContent = line(counts || "no run is running", before && `${before} ended before this watch`);
    $("none").hidden = runs.size > 0;
    $("sweeps").replaceChildren(...sweeps.map(sweep));
    const known = [...runs.values()].filter((run) => run.status === "running" && present(run.done));
    const done = known.reduce((sum, run) => sum + run.done, 0) / known.length;
    document.title = line(known.length > 0 && `${Math.floor(100 * done)} %`, title, "nst");
  }

  function sweep({ name, ended, running, left }) {
    const total = ended + running + left;
    const text = line(`${ended} of ${total} runs ended`, running && `${running} running`, left && `${left} not started`);
    return element("div", {}, element("strong", {}, name), " ", element("span", {}, text),
      element("progress", { max: total, value: ended, "aria-label": text }));
  }

  const events = new EventSource("/events");
  events.addEventListener("message", receive);
  events.addEventListener("open", () => { $("connection").hidden = true; });
  events.addEventListener("error", () => { $("connection").hidden = false; });
}
