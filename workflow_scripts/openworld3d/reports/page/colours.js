"use strict";
// Colours that the colour-blind tell apart (Okabe and Ito; Tol), none of them like the magenta of the unknown.
const SERIES = ["#0072b2", "#d98200", "#009e73", "#56b4e9", "#8a6d3b", "#7a68c7", "#5f9e2f", "#c4543a"];
const CLASSES = [
  "#88ccee", "#ddcc77", "#44aa99", "#6a78c2", "#b3b84a", "#3f9b5a", "#c9a48f", "#9fb6c4", "#e0a058", "#7fb3a6",
  "#5c8fbf", "#cfcfa0", "#8e8ec9", "#a3c46b", "#b58a6a", "#6fb7d6", "#d9c19a", "#4f8f8a", "#9aa3ad", "#bcd0b4",
];
const VOID = 255;
const VOID_COLOUR = [70, 75, 82];

function hexToBytes(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function bytesToHex(bytes) {
  return `#${bytes.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

// The colour of each class of a protocol as bytes: the unknown ones share theirs.
function classColours(protocol, unknownColour) {
  let next = 0;
  return protocol.classes.map((name) =>
    protocol.unknown.includes(name) ? unknownColour : hexToBytes(CLASSES[next++ % CLASSES.length]),
  );
}

// The colour of a level of 0 to 127 on a ramp of anchors.
function rampColour(anchors, level) {
  const position = (level / 127) * (anchors.length - 1);
  const low = Math.min(Math.floor(position), anchors.length - 2);
  return anchors[low].map((value, channel) => Math.round(value + (anchors[low + 1][channel] - value) * (position - low)));
}
