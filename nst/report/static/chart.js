// A chart: a frame with ticks at round numbers or powers of ten, and two scales from values to pixels.
"use strict";

{
  const { drawn, shown } = NST;

  const WIDEST = 860, LEFT = 64, RIGHT = 18, TOP = 16, BOTTOM = 46;

  // The chart is as wide as `parent` allows, and text keeps its size on a phone.
  function chart(parent, name, xs, ys, titles, logarithmic) {
    const width = Math.min(WIDEST, parent.clientWidth || WIDEST), height = Math.max(260, Math.round(width * 0.46));
    const floor = height - BOTTOM, wall = width - RIGHT;
    const x = axis(xs, LEFT, wall, false), y = axis(ys, floor, TOP, logarithmic);
    const svg = drawn("svg", { class: "chart", width, height, role: "group", "aria-label": name });
    for (const value of x.ticks) {
      svg.append(drawn("line", { class: "grid", x1: x(value), x2: x(value), y1: TOP, y2: floor }));
      svg.append(drawn("text", { x: x(value), y: floor + 16, "text-anchor": "middle" }, shown(value)));
    }
    for (const value of y.ticks) {
      svg.append(drawn("line", { class: "grid", x1: LEFT, x2: wall, y1: y(value), y2: y(value) }));
      svg.append(drawn("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, shown(value)));
    }
    svg.append(drawn("text", { x: (LEFT + wall) / 2, y: height - 8, "text-anchor": "middle" }, titles[0]));
    svg.append(drawn("text", { x: LEFT, y: TOP - 4 }, titles[1]));
    return { svg, x, y, wall };
  }

  function axis(values, from, to, logarithmic) {
    const given = values.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0));
    let low = Math.min(...given), high = Math.max(...given);
    const into = logarithmic ? Math.log10 : (value) => value;
    if (!(high > low)) [low, high] = logarithmic ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
    const margin = (into(high) - into(low)) * 0.04;
    const a = into(low) - margin, b = into(high) + margin;
    const scale = (value) => from + ((into(value) - a) / (b - a)) * (to - from);
    scale.ends = [from, to];
    scale.ticks = logarithmic ? powers(low, high) : round(low, high);
    return scale;
  }

  function round(low, high) {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const ticks = [];
    for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) ticks.push(Number(value.toPrecision(12)));
    return ticks;
  }

  function powers(low, high) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
      for (const factor of [1, 2, 5]) all.push(Number((factor * 10 ** power).toPrecision(6)));
    }
    const inside = all.filter((value) => value >= low && value <= high);
    const tens = inside.filter((value) => Number.isInteger(Number(Math.log10(value).toFixed(6))));
    if (inside.length < 2) return round(low, high).filter((value) => value > 0);
    return inside.length > 8 && tens.length > 1 ? tens : inside;
  }

  Object.assign(NST, { chart });
}
