"use strict";
// Precision-recall and ROC, and AUPR against the share of unknown points.
const GRID = Array.from({ length: 101 }, (_, index) => index / 100);
const SHARE = { low: 0, high: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], shown: (value) => percent(value, 0) };

function ink() {
  return getComputedStyle(document.body).color;
}

function recipeColour(data, recipe) {
  const recipes = [...new Set([...data.rows, ...data.trainings].map((row) => row.recipe))];
  return SERIES[recipes.indexOf(recipe) % SERIES.length];
}

// The best rows of each recipe of a protocol by AUPR, of which the chosen one is drawn apart.
function bestOfRecipes(data, protocol) {
  const found = new Map();
  data.rows.forEach((row, number) => {
    if (row.protocol !== protocol || row.aupr === null) return;
    const before = found.get(row.recipe);
    if (before === undefined || data.rows[before].aupr < row.aupr) found.set(row.recipe, number);
  });
  return [...found.values()];
}

function drawCurves(data, state, choose) {
  const grey = getComputedStyle(document.documentElement).getPropertyValue("--faint").trim();
  const best = bestOfRecipes(data, state.protocol);
  const mine = data.rows.map((row, number) => number).filter((number) => data.rows[number].protocol === state.protocol);
  const rank = (number) => (number === state.row ? 2 : best.includes(number) ? 1 : 0);
  mine.sort((one, other) => rank(one) - rank(other));
  const seriesOf = (kind, said) => mine.map((number) => {
    const row = data.rows[number], curve = row.curves[kind], chosen = number === state.row;
    return {
      row: number, x: GRID, y: curve.value, low: chosen ? curve.low : null, high: chosen ? curve.high : null,
      colour: chosen ? ink() : best.includes(number) ? recipeColour(data, row.recipe) : grey,
      width: chosen ? 2.6 : best.includes(number) ? 1.8 : 1, opacity: rank(number) ? 1 : 0.7,
      said: (index) => `${row.name}: ${said(percent(GRID[index], 0), percent(curve.value[index]))}`,
    };
  });
  const prevalence = data.protocols[state.protocol].prevalence;
  lineChart(document.getElementById("pr"), {
    title: "Precision over recall, %", x: { ...SHARE, label: "recall" }, y: SHARE, chance: [[0, 1], [prevalence, prevalence]],
    series: seriesOf("pr", (x, y) => `precision ${y} % at recall ${x} %`), onPick: (one) => choose(one.row),
  });
  lineChart(document.getElementById("roc"), {
    title: "Recall over false-positive rate, %", x: { ...SHARE, label: "false-positive rate" }, y: SHARE,
    chance: [[0, 1], [0, 1]], series: seriesOf("roc", (x, y) => `recall ${y} % at ${x} % false positives`),
    onPick: (one) => choose(one.row),
  });
  const entries = [entry("stroke", ink(), data.rows[state.row].name)];
  for (const number of best.filter((other) => other !== state.row)) {
    const row = data.rows[number];
    const button = html("button", { type: "button", onclick: () => choose(number) });
    button.append(entry("stroke", recipeColour(data, row.recipe), row.name));
    entries.push(button);
  }
  entries.push(entry("dashed", "", "random score"));
  document.getElementById("curve-legend").replaceChildren(...entries);
}

function entry(kind, colour, text) {
  const mark = html("i", { className: kind });
  if (colour) mark.style.background = colour;
  return html("span", {}, mark, text);
}

function drawPrevalence(data, state, choose) {
  const protocols = Object.keys(data.protocols);
  if (protocols.length < 2) return;
  document.getElementById("prevalence-part").hidden = false;
  const shares = protocols.map((name) => data.protocols[name].prevalence);
  const x = { label: "share of unknown points, %", log: true, low: Math.min(...shares) / 1.3, high: Math.max(...shares) * 1.3,
    ticks: [...new Set(shares)], shown: (value) => percent(value) };
  const order = protocols.map((_, number) => number).sort((one, other) => shares[one] - shares[other]);
  const names = [...new Set(data.rows.map((row) => row.name))];
  const chosen = data.rows[state.row].name;
  const grey = getComputedStyle(document.documentElement).getPropertyValue("--faint").trim();
  const series = names.sort((one, other) => (one === chosen) - (other === chosen)).map((name) => {
    const rows = order.map((number) => data.rows.findIndex((row) => row.name === name && row.protocol === protocols[number]));
    return {
      row: rows.find((number) => number >= 0), x: order.map((number) => shares[number]),
      y: rows.map((number) => (number < 0 ? null : data.rows[number].aupr)),
      colour: name === chosen ? ink() : grey, width: name === chosen ? 2.6 : 1,
      said: (index) => `${name}: AUPR ${percent(data.rows[rows[index]].aupr)} % on ${protocols[order[index]]}`,
    };
  });
  const line = Array.from({ length: 60 }, (_, step) => x.low * (x.high / x.low) ** (step / 59));
  lineChart(document.getElementById("prevalence"), {
    title: "AUPR, %", x, y: SHARE, series, chance: [line, line], height: 320, onPick: (one) => choose(one.row),
  });
}
