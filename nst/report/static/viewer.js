// Two pictures under a slider, the difference of their configs, and the commands that repeat the right one.
"use strict";

{
  const { data, $, element, runs, byId, settingOf, shown, figure, words, label, abouts } = NST;

  const COMPARING = ["pickers", "stage", "slider"]; // hidden for a run without a picture
  let visible = () => runs;
  const sides = { left: null, right: null };

  function sideOptions() {
    const originals = Object.entries(data.originals).filter(([, original]) => original.large)
      .map(([id, original]) => element("option", { value: id }, `${original.role}: ${original.name}`));
    const results = runs.filter((run) => run.large).map((run) => element("option", { value: run.id }, label(run)));
    return [element("optgroup", { label: "Source pictures" }, ...originals), element("optgroup", { label: "Runs" }, ...results)];
  }

  const thing = (id) => byId.get(id) ?? data.originals[id];
  const titleOf = (id) => (byId.has(id) ? label(byId.get(id)) : `${data.originals[id].role}: ${data.originals[id].name}`);

  function view(run) {
    if (!run.large) return describeOnly(run);
    const content = run.madeOf.find((id) => data.originals[id]?.large && data.originals[id].role === "content");
    const left = byId.has(sides.left) && sides.left !== run.id && sides.kept ? sides.left : content ?? run.id;
    show(left, run.id);
  }

  function describeOnly(run) {
    Object.assign(sides, { left: null, right: run.id });
    for (const id of COMPARING) $(id).hidden = true;
    describe(null, run.id);
    open();
  }

  function show(left, right) {
    Object.assign(sides, { left, right });
    for (const id of COMPARING) $(id).hidden = false;
    for (const [id, select] of [[left, $("left")], [right, $("right")]]) select.value = id;
    $("over").src = thing(left).large;
    $("under").src = thing(right).large;
    $("over").alt = titleOf(left);
    $("under").alt = titleOf(right);
    const [width, height] = thing(right).size;
    $("stage").style.aspectRatio = `${width} / ${height}`;
    $("stage").style.maxWidth = `calc(70vh * ${width / height})`;
    slide();
    describe(left, right);
    open();
  }

  function open() {
    if (!$("viewer").open) $("viewer").showModal();
  }

  function slide() {
    const share = $("slider").value / 10;
    $("over").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
    $("edge").style.left = `${share}%`;
  }

  function describe(left, right) {
    const parts = [], run = byId.get(right), other = byId.get(left);
    if (run?.error) parts.push(element("p", { class: "bad" }, `${run.status}: ${run.error}`));
    if (run) parts.push(other ? difference(other, run) : facts(run));
    if (run) parts.push(element("div", {}, `Repeat this run (in ${data.shell}):`, ...run.commands.map(command)));
    const credits = (run?.madeOf ?? []).map((id) => data.originals[id]).filter((original) => original?.credit);
    if (credits.length) parts.push(element("p", { class: "hint" }, credits.map((original) => `${original.role}: ${original.name}, ${original.credit}`).join(". ")));
    $("details").replaceChildren(...parts);
  }

  function facts(run) {
    const lines = [
      ...data.varied.map((knob) => [knob.name, shown(settingOf(run, knob.name))]),
      ...abouts.map(({ title, of }) => [title, of(run) || "–"]),
      ...data.figures.filter((name) => name in run.figures).map((name) => [words(name), figure(run, name)]),
    ];
    return element("table", {}, ...lines.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value))));
  }

  function difference(left, right) {
    const names = [...new Set([...Object.keys(left.settings), ...Object.keys(right.settings)])].sort();
    const lines = names.filter((name) => settingOf(left, name) !== settingOf(right, name))
      .map((name) => [name, settingOf(left, name), settingOf(right, name)].map(String));
    for (const { title, of } of abouts) if (of(left) !== of(right)) lines.push([title, String(of(left)), String(of(right))]);
    for (const name of data.figures) if (name in left.figures || name in right.figures) lines.push([words(name), figure(left, name), figure(right, name)]);
    const head = element("tr", {}, ...["", "left", "right"].map((text) => element("th", { scope: "col" }, text)));
    return element("table", { id: "difference" }, head, ...lines.map(([name, a, b]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, a === "undefined" ? "–" : a), element("td", {}, b === "undefined" ? "–" : b))));
  }

  function command(text) {
    const button = element("button", { type: "button" }, "Copy");
    const code = element("code", {}, text);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
      }
    });
    return element("pre", {}, code, button);
  }

  function step(by) {
    const shownRuns = visible().filter((run) => run.large);
    const place = shownRuns.findIndex((run) => run.id === sides.right);
    const next = shownRuns[(place + by + shownRuns.length) % shownRuns.length];
    if (!next) return;
    if (byId.has(sides.left)) show(sides.left, next.id);
    else view(next);
  }

  // `among()` returns the runs that the arrow keys go through.
  function buildViewer(among) {
    visible = among;
    $("left").append(...sideOptions());
    $("right").append(...sideOptions());
    for (const name of ["left", "right"]) $(name).addEventListener("change", () => { sides.kept = byId.has($("left").value); show($("left").value, $("right").value); });
    $("slider").addEventListener("input", slide);
    $("previous").addEventListener("click", () => step(-1));
    $("next").addEventListener("click", () => step(1));
    $("keep").addEventListener("click", () => { sides.kept = true; show(sides.right, sides.right); });
    $("stage").addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "mouse") follow(event); });
    $("stage").addEventListener("pointerdown", follow);
    $("viewer").addEventListener("keydown", (event) => {
      if (["SELECT", "INPUT"].includes(event.target.tagName)) return;
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    });
  }

  function follow(event) {
    const box = $("stage").getBoundingClientRect();
    $("slider").value = Math.round(((event.clientX - box.left) / box.width) * 1000);
    slide();
  }

  Object.assign(NST, { view, buildViewer });
}
