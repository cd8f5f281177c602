// A card for each run: its picture, status, progress and curve. A card stays the same node while its run changes.
"use strict";

{
  const { $, element, drawn, present, breakable, figures } = NST;

  const WIDTH = 100, HEIGHT = 30; // of the curve, in its own units
  const cards = new Map(); // by the run's id
  let opened = null;

  function made(id) {
    const part = (name, attributes, ...children) => element(name, attributes, ...children);
    const card = {
      place: part("button", { type: "button", onclick: () => open(id) }),
      name: part("strong", { class: "name" }),
      sweep: part("span"),
      status: part("span"),
      bar: part("progress", { max: 1 }),
      numbers: part("span", { class: "numbers" }),
      more: part("span", { class: "numbers" }),
      error: part("span", { class: "bad" }),
      line: drawn("polyline"),
    };
    const curve = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, card.line);
    const caption = part("figcaption", {}, card.name, card.sweep, card.status, card.bar, card.numbers, card.more, card.error, curve);
    return { ...card, node: part("figure", { "data-run": id }, card.place, caption), version: -1 };
  }

  function update(id, run) {
    const card = cards.get(id) ?? made(id);
    cards.set(id, card);
    card.run = run;
    card.name.textContent = breakable(run.name);
    card.status.textContent = run.status;
    card.status.className = ["failed", "diverged"].includes(run.status) ? "bad" : run.status;
    card.sweep.textContent = run.sweep;
    card.node.title = run.folder;
    card.bar.hidden = run.status !== "running" || !present(run.done);
    card.bar.value = run.done ?? 0;
    [card.numbers.textContent, card.more.textContent] = figures(run);
    card.error.textContent = run.error;
    card.place.setAttribute("aria-label", `Enlarge ${run.name}`);
    if (opened === id) describe(run);
    if (!card.image) empty(card);
    refresh(id, card);
  }

  function empty(card) {
    const text = present(card.run.done) && card.run.status === "running" ? "no picture yet" : "no picture";
    card.place.replaceChildren(element("span", { class: "none" }, text));
    card.place.disabled = true;
  }

  // Loads a new picture beside the old one, which stays if that fails. A hidden page loads nothing.
  async function refresh(id, card) {
    const version = card.run.picture;
    if (document.hidden || !version || version === card.version) return;
    card.version = version;
    const image = element("img", { src: `/pictures/${id}?${version}`, alt: `The picture of ${card.run.name}` });
    try {
      await image.decode();
    } catch {
      return;
    }
    if (card.version !== version) return; // a newer one is on its way
    card.image = image;
    card.place.replaceChildren(image);
    card.place.disabled = false;
    if (opened === id) enlarge(card);
  }

  function arrange(order) {
    for (const [id, card] of cards) {
      if (order.includes(id)) continue;
      card.node.remove();
      cards.delete(id);
    }
    order.forEach((id, place) => {
      const here = $("gallery").children[place], { node } = cards.get(id);
      if (here !== node) $("gallery").insertBefore(node, here ?? null);
    });
  }

  // The values of a term from high to low on a logarithmic scale; a curve has its own scale.
  function drawCurves(term, color) {
    for (const [id, { run, line }] of cards) {
      const values = (run.curves[term] ?? []).map((value) => (value > 0 ? Math.log(value) : NaN));
      const known = values.filter(Number.isFinite), low = Math.min(...known), range = Math.max(...known) - low || 1;
      const points = values.map((value, index) => [index / Math.max(1, values.length - 1), (value - low) / range])
        .filter(([, y]) => Number.isFinite(y)).map(([x, y]) => `${x * WIDTH},${HEIGHT - 2 - y * (HEIGHT - 4)}`);
      line.setAttribute("points", points.join(" "));
      line.setAttribute("stroke", color(id));
      line.parentNode.classList.toggle("empty", points.length < 2);
    }
  }

  function describe(run) {
    $("caption").textContent = [run.name, run.status, ...figures(run)].filter(Boolean).join(" · ");
  }

  const enlarge = (card) => $("enlarged").replaceChildren(card.image.cloneNode());

  function open(id) {
    opened = id;
    describe(cards.get(id).run);
    enlarge(cards.get(id));
    $("viewer").showModal();
  }

  $("viewer").addEventListener("close", () => { opened = null; });
  document.addEventListener("visibilitychange", () => cards.forEach((card, id) => refresh(id, card)));

  Object.assign(NST, { update, arrange, drawCurves });
}
