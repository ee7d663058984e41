"use strict";
// Scenes that turn: on the left the truth, on the right what a method says, under one camera.
const MODES = { scanned: "As scanned", truth: "Truth", prediction: "Prediction", score: "Score", error: "Errors at 95 % recall" };
const FLAGGED = 128;
const DECADES = 3; // over which levels range
const PICK_RADIUS = 12; // pixels
const NARROW = 700; // pixels, below which there is one view

class SceneViewer {
  constructor(data, blob) {
    Object.assign(this, { data, blob, mode: "score", row: 0, number: 0 });
    this.canvas = document.getElementById("canvas");
    this.renderer = new THREE.WebGLRenderer({ canvas: this.canvas, antialias: true, preserveDrawingBuffer: true });
    this.renderer.autoClear = false;
    this.camera = new THREE.PerspectiveCamera(42, 1, 0.01, 1000);
    this.camera.up.set(0, 0, 1);
    this.controls = new THREE.OrbitControls(this.camera, this.canvas);
    this.controls.addEventListener("change", () => this.render());
    this.material = new THREE.ShaderMaterial({
      uniforms: { size: { value: 1 }, cut: { value: 1 } },
      vertexShader: `attribute vec3 tint; varying vec3 colour; uniform float size; uniform float cut;
        void main() {
          colour = tint;
          vec4 seen = modelViewMatrix * vec4(position, 1.0);
          gl_Position = position.z > cut ? vec4(2.0, 2.0, 2.0, 1.0) : projectionMatrix * seen;
          gl_PointSize = clamp(size / -seen.z, 1.5, 24.0);
        }`,
      fragmentShader: `varying vec3 colour;
        void main() {
          vec2 at = gl_PointCoord - 0.5;
          float r = dot(at, at);
          if (r > 0.25) discard;
          gl_FragColor = vec4(colour * (1.0 - 0.7 * r), 1.0);
        }`,
    });
    this.views = ["truth", null].map(() => {
      const scene = new THREE.Scene(), points = new THREE.Points(new THREE.BufferGeometry(), this.material);
      points.frustumCulled = false;
      scene.add(points);
      return { scene, points };
    });
    this.listen();
  }

  listen() {
    let pressed = null;
    this.canvas.addEventListener("pointerdown", (event) => { pressed = [event.clientX, event.clientY]; });
    this.canvas.addEventListener("pointerup", (event) => {
      if (pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 4) {
        const box = this.canvas.getBoundingClientRect();
        this.pick(event.clientX - box.left, event.clientY - box.top);
      }
      pressed = null;
    });
    this.canvas.addEventListener("keydown", (event) => {
      const turn = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
      const zoom = { "+": 0.88, "=": 0.88, "-": 1.14 }[event.key];
      if (turn || zoom) { this.move(turn || [0, 0], zoom || 1); event.preventDefault(); }
      if (event.key === "Enter") {
        const [left, width] = this.side ? [this.canvas.clientWidth / 2, this.canvas.clientWidth / 2] : [0, this.canvas.clientWidth];
        this.pick(left + width / 2, this.canvas.clientHeight / 2);
      }
    });
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  move([around, down], zoom) {
    const offset = this.camera.position.clone().sub(this.controls.target), length = offset.length() * zoom;
    const azimuth = Math.atan2(offset.y, offset.x) + around;
    const polar = Math.min(3.1, Math.max(0.05, Math.acos(offset.z / offset.length()) + down));
    offset.set(Math.sin(polar) * Math.cos(azimuth), Math.sin(polar) * Math.sin(azimuth), Math.cos(polar)).multiplyScalar(length);
    this.camera.position.copy(this.controls.target).add(offset);
    this.controls.update();
    this.render();
  }

  get scene() { return this.data.scenes[this.number]; }

  bytes(begin, count) { return new Uint8Array(this.blob.buffer, begin, count); }

  show(number) {
    this.number = number;
    const { scene } = this, steps = new Uint16Array(this.blob.buffer, scene.coord, 3 * scene.shown);
    this.position = Float32Array.from(steps, (value) => (value / 65535) * scene.side);
    for (const { points } of this.views) {
      points.geometry.dispose();
      points.geometry = new THREE.BufferGeometry();
      points.geometry.setAttribute("position", new THREE.BufferAttribute(this.position, 3));
      points.geometry.setAttribute("tint", new THREE.BufferAttribute(new Uint8Array(3 * scene.shown), 3, true));
    }
    const [x, y, z] = scene.extent, area = Math.max(1e-3, Math.min(x * y + (x + y) * z, Math.PI * this.middle().radius ** 2));
    this.spacing = 1.5 * Math.sqrt(area / scene.shown);
    this.home();
    this.paint();
  }

  // The ball that is looked at: around all points, or around most of them where a few lie far out, as in LiDAR scans.
  middle() {
    const { position, scene: { extent, shown } } = this, whole = Math.hypot(...extent) / 2, sum = [0, 0, 0];
    for (let at = 0; at < position.length; at++) sum[at % 3] += position[at] / shown;
    const away = Float32Array.from({ length: shown }, (_, point) =>
      Math.hypot(...sum.map((mean, axis) => position[3 * point + axis] - mean))).sort();
    const most = 1.25 * away[Math.floor(0.9 * (shown - 1))];
    return most < whole ? { centre: sum, radius: most } : { centre: extent.map((side) => side / 2), radius: whole };
  }

  home() {
    const { centre: [x, y, z], radius } = this.middle(), views = this.side ? 2 : 1;
    const aspect = this.canvas.clientWidth / views / (this.canvas.clientHeight || 1) || 1;
    const half = Math.tan((this.camera.fov * Math.PI) / 360) * Math.min(1, aspect);
    const reach = radius / Math.sin(Math.atan(half));
    this.controls.target.set(x, y, z);
    this.camera.position.set(x + reach * 0.456, y - reach * 0.57, z + reach * 0.684);
    this.camera.near = reach / 500;
    this.camera.far = reach * 20;
    this.controls.update();
    this.resize();
  }

  set cut(share) {
    this.material.uniforms.cut.value = share * this.scene.extent[2] + 1e-3;
    this.render();
  }

  paint() {
    this.tint(this.views[0].points, this.side ? "truth" : this.mode);
    this.tint(this.views[1].points, this.mode);
    this.render();
  }

  tint(points, mode) {
    const attribute = points.geometry.getAttribute("tint");
    if (!attribute) return;
    this.colours(mode, attribute.array);
    attribute.needsUpdate = true;
  }

  colours(mode, tint) {
    const { scene, data } = this, protocol = data.protocols[scene.protocol], { colours } = data;
    const truth = this.bytes(scene.truth, scene.shown), ofClass = classColours(protocol, colours.unknown);
    const isUnknown = protocol.classes.map((name) => protocol.unknown.includes(name));
    const level = this.row in scene.scores ? this.bytes(scene.scores[this.row], scene.shown) : null;
    const run = data.rows[this.row].run;
    const predicted = run in scene.predictions ? this.bytes(scene.predictions[run], scene.shown) : null;
    const scanned = this.bytes(scene.colour, 3 * scene.shown);
    const ramp = Array.from({ length: 128 }, (_, value) => rampColour(colours.scores, value));
    for (let point = 0; point < scene.shown; point++) {
      let colour = VOID_COLOUR;
      if (mode === "scanned") colour = scanned.subarray(3 * point, 3 * point + 3);
      else if (mode === "truth") colour = ofClass[truth[point]] || VOID_COLOUR;
      else if (mode === "prediction") colour = (predicted && ofClass[predicted[point]]) || VOID_COLOUR;
      else if (mode === "score") colour = level ? ramp[level[point] % FLAGGED] : VOID_COLOUR;
      else if (level && truth[point] !== VOID) {
        const flagged = level[point] >= FLAGGED;
        colour = isUnknown[truth[point]] ? (flagged ? colours.unknown : colours.missed) : flagged ? colours.false_alarm : colours.right;
      }
      tint.set(colour, 3 * point);
    }
  }

  get side() { return this.canvas.clientWidth >= NARROW; }

  resize() {
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width || !this.position) return;
    const before = this.wasSide;
    this.wasSide = this.side;
    document.getElementById("views").classList.toggle("single", !this.side);
    this.renderer.setPixelRatio(Math.min(2, window.devicePixelRatio));
    this.renderer.setSize(width, height, false);
    if (before !== this.side) this.paint();
    this.render();
  }

  render() {
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width || !this.position) return;
    const views = this.side ? this.views : this.views.slice(1), each = width / views.length;
    this.camera.aspect = each / height;
    this.camera.updateProjectionMatrix();
    const pixels = (height * this.renderer.getPixelRatio()) / (2 * Math.tan((this.camera.fov * Math.PI) / 360));
    this.material.uniforms.size.value = this.spacing * pixels;
    this.renderer.setScissorTest(true);
    views.forEach(({ scene }, number) => {
      this.renderer.setViewport(number * each, 0, each, height);
      this.renderer.setScissor(number * each, 0, each, height);
      this.renderer.setClearColor(0x16181b, 1);
      this.renderer.clear();
      this.renderer.render(scene, this.camera);
    });
  }

  // Describe the nearest point to the eye near a pixel of the canvas.
  pick(x, y) {
    const views = this.side ? 2 : 1, each = this.canvas.clientWidth / views, height = this.canvas.clientHeight;
    const at = [((x % each) / each) * 2 - 1, 1 - (y / height) * 2], seen = new THREE.Vector3();
    let found = null, least = Infinity;
    this.camera.updateMatrixWorld();
    for (let point = 0; point < this.scene.shown; point++) {
      if (this.position[3 * point + 2] > this.material.uniforms.cut.value) continue;
      seen.fromArray(this.position, 3 * point).project(this.camera);
      const distance = Math.hypot(((seen.x - at[0]) * each) / 2, ((seen.y - at[1]) * height) / 2);
      if (distance > PICK_RADIUS || seen.z > 1) continue;
      const cost = distance / PICK_RADIUS + seen.z * 400;
      if (cost < least) { least = cost; found = point; }
    }
    const node = document.getElementById("picked");
    if (found === null) node.textContent = "No point there.";
    else node.replaceChildren(...this.describe(found));
  }

  describe(point) {
    const { scene, data } = this, protocol = data.protocols[scene.protocol], row = data.rows[this.row];
    const name = (label) => protocol.classes[label] || "void";
    const truth = this.bytes(scene.truth, scene.shown)[point];
    const is = protocol.unknown.includes(name(truth)) ? "unknown" : truth === VOID ? "not evaluated" : "known";
    const parts = [html("b", { textContent: name(truth) }), ` (${is})`];
    if (row.run in scene.predictions) {
      const predicted = this.bytes(scene.predictions[row.run], scene.shown)[point];
      parts.push(", predicted ", html("b", { textContent: predicted === VOID ? "nothing" : name(predicted) }));
    }
    if (this.row in scene.scores) parts.push(`; ${this.scoreAt(this.row, point)}`);
    const others = Object.keys(scene.scores).map(Number).filter((other) => other !== this.row);
    if (others.length) {
      const list = html("details", {}, html("summary", { textContent: `Scores of the other ${others.length} methods` }));
      list.append(html("ul", {}, ...others.map((other) => html("li", { textContent: this.scoreAt(other, point) }))));
      parts.push(list);
    }
    return parts;
  }

  scoreAt(number, point) {
    const row = this.data.rows[number], level = this.bytes(this.scene.scores[number], this.scene.shown)[point];
    const share = percent(10 ** (-DECADES * (level % FLAGGED) / 127), 2), flagged = level >= FLAGGED ? ", flagged at 95 % recall" : "";
    return `${row.name}: about ${short(row.score_of_level[level % FLAGGED])}, exceeded by ${share} % of known points${flagged}`;
  }
}

function drawSceneLegend(data, viewer) {
  const node = document.getElementById("scene-legend"), protocol = data.protocols[viewer.scene.protocol], { colours } = data;
  const entries = [];
  const classes = () => {
    const ofClass = classColours(protocol, colours.unknown), seen = new Set(viewer.bytes(viewer.scene.truth, viewer.scene.shown));
    protocol.classes.forEach((name, index) => {
      if (seen.has(index) || viewer.mode === "prediction") entries.push(entry("", bytesToHex(ofClass[index]), protocol.unknown.includes(name) ? `${name} (unknown)` : name));
    });
    entries.push(entry("", bytesToHex(VOID_COLOUR), "void or no prediction"));
  };
  if (viewer.mode === "score") {
    const ramp = html("i", { className: "ramp" });
    ramp.style.background = `linear-gradient(to right, ${colours.scores.map(bytesToHex).join(",")})`;
    entries.push(html("span", {}, "score, as the share of known points that score higher: 100 % ", ramp, `${100 / 10 ** DECADES} %`));
    if (viewer.side) entries.push(entry("", bytesToHex(colours.unknown), `left: unknown (${protocol.unknown.join(", ")})`));
  } else if (viewer.mode === "error") {
    entries.push(entry("", bytesToHex(colours.unknown), "unknown, found"), entry("", bytesToHex(colours.missed), "unknown, missed"),
      entry("", bytesToHex(colours.false_alarm), "known, flagged"), entry("", bytesToHex(colours.right), "known, left alone"));
  } else if (viewer.mode !== "scanned") classes();
  else if (viewer.side) entries.push(entry("", bytesToHex(colours.unknown), `left: unknown (${protocol.unknown.join(", ")})`));
  node.replaceChildren(...entries);
}
