"use strict";
// Scores of known and unknown points, by class, and what is taken for what.
function drawClasses(data, state) {
  const row = data.rows[state.row], protocol = data.protocols[row.protocol];
  const style = getComputedStyle(document.documentElement);
  const accent = style.getPropertyValue("--accent").trim(), known = style.getPropertyValue("--known").trim();
  drawHistogram(row, accent, known);
  drawStrips(row, protocol, accent, known);
  const taken = Object.entries(row.taken.of_flagged).sort((one, other) => other[1] - one[1]).filter(([, share]) => share >= 0.001);
  barChart(document.getElementById("taken"), taken.map(([name, share]) => ({
    name, value: share, colour: known, said: `${percent(share)} % (${percent(row.taken.of_class[name])} %)`,
  })), "No known point is flagged.");
  const predicted = Object.entries(data.runs[row.run].unknown_as);
  barChart(document.getElementById("predicted"), predicted.map(([name, share]) => ({
    name, value: share, colour: protocol.unknown.includes(name) ? accent : known, said: `${percent(share)} %`,
  })), "These outputs have no predictions.");
}

function drawHistogram(row, accent, known) {
  const container = document.getElementById("histogram"), { ends, unknown, known: others } = row.histogram;
  const width = widthOf(container), height = 300, most = Math.max(...unknown, ...others) || 1;
  const svg = chartIn(container, "Share of points, %", width, height, `Scores of ${row.name}: known and unknown points`);
  const { toX, toY } = drawAxes(svg, { low: ends[0], high: ends[1], label: "score, higher is more unknown" },
    { low: 0, high: most, shown: percentsOf(ticksOf(0, most)) }, width, height);
  const step = (ends[1] - ends[0]) / unknown.length;
  for (const [shares, colour] of [[others, known], [unknown, accent]]) {
    let outline = `M${toX(ends[0])} ${toY(0)}`;
    shares.forEach((share, number) => {
      outline += `V${toY(share).toFixed(1)}H${toX(ends[0] + (number + 1) * step).toFixed(1)}`;
    });
    element("path", { d: `${outline}V${toY(0)}Z`, fill: colour, "fill-opacity": 0.3, stroke: colour, "stroke-width": 1.4 }, svg);
  }
  [["known", known], ["unknown", accent]].forEach(([name, colour], number) => {
    element("rect", { x: width - 126 + number * 58, y: 3, width: 9, height: 9, rx: 2, fill: colour }, svg);
    element("text", { x: width - 113 + number * 58, y: 11 }, svg, name);
  });
}

function drawStrips(row, protocol, accent, known) {
  const container = document.getElementById("strips"), [low, high] = row.histogram.ends;
  const found = protocol.classes.map((name, index) => ({ name, quantiles: row.classes[index], unknown: protocol.unknown.includes(name) }))
    .filter((one) => one.quantiles).sort((one, other) => other.quantiles[2] - one.quantiles[2]);
  const width = widthOf(container), line = 20, left = Math.min(130, width * 0.34), height = found.length * line + 30;
  const svg = chartIn(container, "", width, height, `Scores of ${row.name} by class: ${found.map((one) => one.name).join(", ")}`);
  const clamp = (value) => Math.min(high, Math.max(low, value));
  const scale = scaleOf({ low, high }, left, width - MARGIN.right), toX = (value) => scale(clamp(value));
  for (const value of ticksOf(low, high)) {
    element("line", { class: "grid", x1: toX(value), x2: toX(value), y1: 0, y2: height - 24 }, svg);
    element("text", { x: toX(value), y: height - 10, "text-anchor": "middle" }, svg, short(value));
  }
  found.forEach(({ name, quantiles, unknown }, number) => {
    const y = number * line + line / 2, colour = unknown ? accent : known;
    const label = element("text", { class: "name", x: left - 8, y: y + 4, "text-anchor": "end" }, svg, name);
    if (unknown) label.style.fill = accent;
    for (const [from, to, thick, opacity] of [[0, 4, 3, 0.45], [1, 3, 9, 0.75]]) {
      element("rect", { x: toX(quantiles[from]), y: y - thick / 2, width: Math.max(1, toX(quantiles[to]) - toX(quantiles[from])),
        height: thick, rx: thick / 3, fill: colour, opacity }, svg);
    }
    element("line", { x1: toX(quantiles[2]), x2: toX(quantiles[2]), y1: y - 7, y2: y + 7, stroke: ink(), "stroke-width": 1.5 }, svg);
  });
}

function drawIou(data, state) {
  const table = document.getElementById("iou"), protocol = data.protocols[state.protocol];
  const runs = data.runs.filter((run) => run.protocol === state.protocol && Object.values(run.iou).some((value) => value !== null));
  const several = (key) => new Set(runs.map((run) => run[key])).size > 1;
  const head = html("tr", {}, html("th", { scope: "col", textContent: "Class" }), ...runs.map((run) => html("th", {
    scope: "col", textContent: [run.recipe, ...["backbone", "seed"].filter(several).map((key) => `${key} ${run[key]}`)].join(", "),
  })));
  const lines = protocol.classes.filter((name) => runs.some((run) => run.iou[name] !== null && run.iou[name] !== undefined)).map((name) => {
    const values = runs.map((run) => run.iou[name] ?? null), most = Math.max(...values.filter((value) => value !== null));
    const cells = values.map((value) => html("td", {}, value === most && runs.length > 1 && most > 0 ? html("b", { textContent: percent(value) }) : percent(value)));
    const said = protocol.unknown.includes(name) ? `${name} (unknown)` : name;
    return html("tr", { className: protocol.unknown.includes(name) ? "unknown" : "" }, html("th", { scope: "row", textContent: said }), ...cells);
  });
  table.replaceChildren(html("thead", {}, head), html("tbody", {}, ...lines));
}
