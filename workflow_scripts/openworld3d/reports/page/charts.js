"use strict";
// Small charts as SVG: lines with bands, histograms, bars. Each fills its container's width.
const MARGIN = { top: 24, right: 12, bottom: 36, left: 44 };

function element(name, attributes, parent, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function html(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function percent(value, digits = 1) {
  return value === null || value === undefined ? "n/a" : (100 * value).toFixed(digits);
}

function chartIn(container, title, width, height, description) {
  container.replaceChildren();
  const svg = element("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img" }, container);
  element("title", {}, svg, description || title);
  if (title) element("text", { class: "title", x: 0, y: 11 }, svg, title);
  return svg;
}

function widthOf(container, least = 260) {
  return Math.max(least, Math.round(container.clientWidth) || 480);
}

// Round values between two ends, about `count` of them.
function ticksOf(low, high, count = 5) {
  const rough = (high - low) / count || 1;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * unit).find((value) => value >= rough * 0.999);
  const found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-6; value += step) {
    found.push(Math.abs(value) < step * 1e-6 ? 0 : value);
  }
  return found;
}

function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}

// axis: {label, low, high, log, shown}. Returns the function from values to pixels.
function scaleOf(axis, begin, end) {
  const f = axis.log ? Math.log10 : (value) => value;
  const low = f(axis.low), high = f(axis.high);
  return (value) => begin + ((f(value) - low) / (high - low || 1)) * (end - begin);
}

// Values as whole percents, with decimals where their steps need them.
function percentsOf(values) {
  const step = 100 * Math.abs((values[1] ?? 1) - (values[0] ?? 0));
  return (value) => percent(value, Number.isInteger(Number(step.toPrecision(6))) ? 0 : step < 0.1 ? 2 : 1);
}

function drawAxes(svg, x, y, width, height) {
  const bottom = height - MARGIN.bottom, right = width - MARGIN.right;
  const toX = scaleOf(x, MARGIN.left, right), toY = scaleOf(y, bottom, MARGIN.top);
  for (const value of y.ticks || ticksOf(y.low, y.high)) {
    element("line", { class: "grid", x1: MARGIN.left, x2: right, y1: toY(value), y2: toY(value) }, svg);
    element("text", { x: MARGIN.left - 6, y: toY(value) + 4, "text-anchor": "end" }, svg, (y.shown || short)(value));
  }
  for (const value of x.ticks || ticksOf(x.low, x.high)) {
    element("text", { x: toX(value), y: bottom + 15, "text-anchor": "middle" }, svg, (x.shown || short)(value));
    element("line", { class: "axis", x1: toX(value), x2: toX(value), y1: bottom, y2: bottom + 3 }, svg);
  }
  element("line", { class: "axis", x1: MARGIN.left, x2: right, y1: bottom, y2: bottom }, svg);
  element("text", { x: (MARGIN.left + right) / 2, y: height - 4, "text-anchor": "middle" }, svg, x.label);
  return { toX, toY };
}

function pathOf(xs, ys, toX, toY) {
  let text = "", pen = "M";
  xs.forEach((x, at) => {
    if (ys[at] === null || ys[at] === undefined) { pen = "M"; return; }
    text += `${pen}${toX(x).toFixed(1)} ${toY(ys[at]).toFixed(1)}`;
    pen = "L";
  });
  return text;
}

// series: [{name, x, y, low, high, colour, width, dashed, said}]; drawn in order. chance: [xs, ys] or null.
function lineChart(container, { title, x, y, series, chance, height = 300, onPick }) {
  const width = widthOf(container);
  const svg = chartIn(container, title, width, height, `${title}: ${x.label}`);
  const { toX, toY } = drawAxes(svg, x, y, width, height);
  if (chance) element("path", { class: "chance", d: pathOf(chance[0], chance[1], toX, toY) }, svg);
  for (const one of series) {
    if (one.low) {
      const there = pathOf(one.x, one.high, toX, toY);
      const back = pathOf([...one.x].reverse(), [...one.low].reverse(), toX, toY).replace("M", "L");
      element("path", { d: `${there}${back}Z`, fill: one.colour, opacity: 0.14 }, svg);
    }
  }
  for (const one of series) {
    const path = element("path", {
      d: pathOf(one.x, one.y, toX, toY), fill: "none", stroke: one.colour, "stroke-width": one.width || 1.5,
      "stroke-linejoin": "round", opacity: one.opacity || 1,
    }, svg);
    if (one.dashed) path.setAttribute("stroke-dasharray", "4 3");
    if (one.x.length === 1) element("circle", { cx: toX(one.x[0]), cy: toY(one.y[0]), r: 3, fill: one.colour }, svg);
  }
  const nearest = (event) => {
    const box = svg.getBoundingClientRect(), factor = width / box.width;
    const at = [(event.clientX - box.left) * factor, (event.clientY - box.top) * factor];
    let found = null, least = 18;
    for (const one of series) {
      one.x.forEach((value, index) => {
        if (one.y[index] === null || one.y[index] === undefined) return;
        const distance = Math.hypot(toX(value) - at[0], toY(one.y[index]) - at[1]);
        if (distance < least) { least = distance; found = { one, index }; }
      });
    }
    return found;
  };
  svg.addEventListener("pointermove", (event) => {
    const found = nearest(event);
    showTip(found && found.one.said(found.index), event);
    svg.style.cursor = found && onPick ? "pointer" : "";
  });
  svg.addEventListener("pointerleave", () => showTip(null));
  if (onPick) svg.addEventListener("click", (event) => { const found = nearest(event); if (found) onPick(found.one); });
}

// rows: [{name, value, said, colour}], values in 0..1.
function barChart(container, rows, empty) {
  if (!rows.length) { container.replaceChildren(html("p", { className: "note", textContent: empty })); return; }
  const width = widthOf(container), line = 22, left = Math.min(140, width * 0.36);
  const svg = chartIn(container, "", width, rows.length * line + 4, rows.map((row) => `${row.name} ${row.said}`).join("; "));
  const most = Math.max(...rows.map((row) => row.value)) || 1;
  rows.forEach((row, number) => {
    const y = number * line + 4, length = ((width - left - 110) * row.value) / most;
    element("text", { class: "name", x: left - 8, y: y + 12, "text-anchor": "end" }, svg, row.name);
    element("rect", { x: left, y: y + 2, width: Math.max(1, length), height: 13, rx: 2, fill: row.colour }, svg);
    element("text", { x: left + length + 6, y: y + 12 }, svg, row.said);
  });
}

let tip = null;
function showTip(text, event) {
  if (!tip) tip = document.body.appendChild(html("div", { className: "tip", hidden: true }));
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8)}px`;
}
