"use strict";
// What a reader chooses, and what is drawn of it.
function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const state = { protocol: Object.keys(data.protocols)[0], row: 0 };
  let viewer = null;
  const methods = document.getElementById("method"), protocols = document.getElementById("protocol");

  const rowsOf = (protocol) => data.rows.map((_, number) => number).filter((number) => data.rows[number].protocol === protocol);
  const bestOf = (numbers) => numbers.reduce((best, number) => {
    const row = data.rows[number], top = data.rows[best];
    if (row.trains_on_unknown || row.aupr === null) return best;
    return top.trains_on_unknown || top.aupr === null || row.aupr > top.aupr ? number : best;
  });

  function fillMethods() {
    const numbers = rowsOf(state.protocol), groups = new Map();
    for (const number of numbers) {
      const row = data.rows[number];
      if (!groups.has(row.recipe)) groups.set(row.recipe, html("optgroup", { label: row.recipe }));
      groups.get(row.recipe).append(html("option", { value: number, textContent: row.name }));
    }
    methods.replaceChildren(...groups.values());
  }

  function choose(number) {
    state.row = number;
    if (data.rows[number].protocol !== state.protocol) {
      state.protocol = protocols.value = data.rows[number].protocol;
      fillMethods();
      showScenesOf(state.protocol);
    }
    methods.value = number;
    draw();
  }

  function chooseProtocol(name) {
    const score = data.rows[state.row].name, numbers = rowsOf(name);
    choose(numbers.find((number) => data.rows[number].name === score) ?? bestOf(numbers));
  }

  function draw() {
    drawCurves(data, state, choose);
    drawPrevalence(data, state, choose);
    drawClasses(data, state);
    drawIou(data, state);
    drawTrainings(data);
    markRow();
    if (viewer) { viewer.row = state.row; paintScene(); }
  }

  function markRow() {
    document.querySelectorAll(".methods").forEach((table) => {
      const numbers = rowsOf(table.dataset.protocol), lines = table.querySelectorAll("tbody:not(.published) tr:not(.group)");
      lines.forEach((line, at) => line.classList.toggle("chosen", numbers[at] === state.row));
    });
  }

  function paintScene() {
    viewer.paint();
    drawSceneLegend(data, viewer);
    document.querySelector(".view-name.left").textContent = "Truth";
    const row = data.rows[viewer.row], method = ["score", "prediction", "error"].includes(viewer.mode) ? ` · ${row.name}` : "";
    const aupr = viewer.scene.aupr[viewer.row];
    const said = viewer.mode === "score" && aupr !== undefined ? ` · AUPR here ${percent(aupr)} %` : "";
    document.querySelector(".view-name.right").textContent = `${MODES[viewer.mode]}${method}${said}`;
  }

  function showScenesOf(protocol) {
    if (!viewer) return;
    const select = document.getElementById("scene");
    const roles = { best: "best", median: "median", worst: "worst", only: "" };
    select.replaceChildren(...data.scenes.flatMap((scene, number) => (scene.protocol === protocol
      ? [html("option", { value: number, textContent: [scene.name, roles[scene.role]].filter(Boolean).join(" · ") })] : [])));
    if (select.options.length) showScene(Number(select.value));
  }

  function showScene(number) {
    viewer.show(number);
    const cut = document.getElementById("cut");
    cut.value = 100 * data.scenes[number].cut;
    viewer.cut = data.scenes[number].cut;
    paintScene();
  }

  function startScenes() {
    if (!data.scenes.length) { document.getElementById("scenes").hidden = true; return; }
    document.getElementById("viewer").hidden = false;
    const text = atob(document.getElementById("blob").textContent.trim()), blob = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) blob[at] = text.charCodeAt(at);
    try {
      viewer = new SceneViewer(data, blob);
    } catch {
      document.getElementById("viewer").hidden = true;
      document.getElementById("no-webgl").hidden = false;
      return;
    }
    viewer.row = state.row;
    const modes = document.getElementById("modes");
    for (const [mode, name] of Object.entries(MODES)) {
      const input = html("input", { type: "radio", name: "mode", value: mode, checked: mode === viewer.mode });
      input.addEventListener("change", () => { viewer.mode = mode; paintScene(); });
      modes.append(html("label", {}, input, name));
    }
    document.getElementById("scene").addEventListener("change", (event) => showScene(Number(event.target.value)));
    document.getElementById("cut").addEventListener("input", (event) => { viewer.cut = event.target.value / 100; });
    document.getElementById("home").addEventListener("click", () => viewer.home());
    showScenesOf(state.protocol);
  }

  for (const name of Object.keys(data.protocols)) protocols.append(html("option", { value: name, textContent: name }));
  document.getElementById("protocol-choice").hidden = protocols.options.length < 2;
  protocols.addEventListener("change", () => chooseProtocol(protocols.value));
  methods.addEventListener("change", () => choose(Number(methods.value)));
  document.querySelectorAll(".methods").forEach((table) => {
    table.querySelectorAll("tbody:not(.published) tr:not(.group) th").forEach((head, at) => {
      head.addEventListener("click", () => choose(rowsOf(table.dataset.protocol)[at]));
    });
  });
  state.row = bestOf(rowsOf(state.protocol));
  fillMethods();
  methods.value = state.row;
  draw();
  let width = window.innerWidth;
  window.addEventListener("resize", () => { if (window.innerWidth !== width) { width = window.innerWidth; draw(); } });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  // Once the page is seen: a first WebGL context may take a second.
  requestAnimationFrame(() => setTimeout(() => {
    startScenes();
    document.documentElement.dataset.ready = "yes";
  }));
}

start();
