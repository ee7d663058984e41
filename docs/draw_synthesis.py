"""Draw a scan before and after the synthesis of unknown objects: images/synthesis.png."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow_scripts"))

from openworld3d.datasets.semantickitti import CLASSES, THINGS, read_scene
from openworld3d.errors import run_command
from openworld3d.protocols.protocol import make_protocol
from openworld3d.pseudo_labels.synthesis import Synthesis, instances, source_classes, synthesise
from openworld3d.scenes.scene import Scene

PICTURE = ROOT / "docs/images/synthesis.png"
SCANS = Path(os.environ.get("DATA_DIR", ROOT / "../shared/data")) / "semantickitti_mini/dataset"
SCAN = "07_000003"
SOURCES = source_classes(
    make_protocol(CLASSES, ["other-vehicle"]), [name for name in THINGS if name != "other-vehicle"]
)
SEED = 26  # gives unchanged, enlarged and shrunk objects

LOW, HIGH = np.array([-18, -21, -5]), np.array([27, 18, 5])  # bounds of the picture, in metres from the sensor
ABOVE, SIDE = [0, 1], [0, 2]
PIXELS_PER_METRE = 14
DOT = 2
LINE, GAP = 24, 12
INK, FAINT, KNOWN, UNKNOWN = (40, 40, 40), (214, 214, 214), (0, 90, 181), (220, 50, 32)
FONT = ImageFont.load_default(15)


def place(coord: np.ndarray, axes: list[int]) -> np.ndarray:
    """Return the column and row of each point, forward to the right: (N, 3) float32 -> (N, 2) int64."""
    right, down = coord[:, axes[0]] - LOW[axes[0]], HIGH[axes[1]] - coord[:, axes[1]]
    return (np.stack([right, down], 1) * PIXELS_PER_METRE).astype(np.int64)  # (N, 2)


def colors(scene: Scene, synthesised: np.ndarray) -> np.ndarray:
    """Colour resizable instances blue and resized points red: synthesised (N,) bool -> (N, 3) uint8."""
    color = np.full((len(scene), 3), FAINT, np.uint8)
    for instance in instances(scene, SOURCES):
        if len(instance) >= Synthesis().least_points:
            color[instance] = KNOWN
    color[synthesised] = UNKNOWN
    return color


def view(coord: np.ndarray, color: np.ndarray, axes: list[int]) -> Image.Image:
    """Draw points (N, 3) float32 in colours (N, 3) uint8, the faint ones first."""
    width, height = ((HIGH - LOW)[axes] * PIXELS_PER_METRE).astype(int).tolist()
    canvas = np.full((height, width, 3), 255, np.uint8)
    shown = np.flatnonzero(((coord > LOW) & (coord < HIGH)).all(1))
    shown = shown[np.argsort((color[shown] != FAINT).any(1), kind="stable")]
    for (column, row), shade in zip(place(coord[shown], axes), color[shown]):
        canvas[row : row + DOT, column : column + DOT] = shade
    return Image.fromarray(canvas)


def write_factors(image: Image.Image, scene: Scene, coord: np.ndarray, synthesised: np.ndarray) -> None:
    """Label each resized instance in the view from above with its class and scale factor."""
    for instance in instances(scene, SOURCES):
        if synthesised[instance[0]]:
            factor = np.ptp(coord[instance], 0).sum() / np.ptp(scene.coord[instance], 0).sum()
            column, row = place(coord[instance], ABOVE).max(0)
            text = f"{CLASSES[scene.label[instance[0]]]} x {factor:.2f}"
            ImageDraw.Draw(image).text((int(column) + 6, int(row) - 8), text, UNKNOWN, FONT)


def write_scale(image: Image.Image) -> None:
    """Draw a ten-metre scale bar in the lower left corner."""
    left, right, row = GAP, GAP + 10 * PIXELS_PER_METRE, image.height - GAP
    ImageDraw.Draw(image).line((left, row, right, row), INK, 2)
    ImageDraw.Draw(image).text((left, row - LINE), "10 m", INK, FONT)


def column_of(scene: Scene, coord: np.ndarray, synthesised: np.ndarray, title: str) -> Image.Image:
    """Draw a scene from above and, below it, from the side, under a title."""
    color = colors(scene, synthesised)
    above, side = view(coord, color, ABOVE), view(coord, color, SIDE)
    write_factors(above, scene, coord, synthesised)
    write_scale(above)
    image = Image.new("RGB", (above.width, above.height + side.height + 2 * LINE), "white")
    draw = ImageDraw.Draw(image)
    for part, top, text in ((above, 0, title), (side, above.height + LINE, "The same from the side")):
        image.paste(part, (0, top + LINE))
        draw.rectangle((0, top + LINE, part.width - 1, top + LINE + part.height - 1), outline=INK)
        draw.text((0, top + 2), text, INK, FONT)
    return image


def picture(scene: Scene, seed: int) -> Image.Image:
    """Draw a scene before the synthesis on the left and after it on the right."""
    coord, synthesised = synthesise(scene, SOURCES, Synthesis(), np.random.default_rng(seed))
    before = column_of(
        scene,
        scene.coord,
        np.zeros(len(scene), bool),
        "Before, from above. Blue: things of known classes, 300 points or more",
    )
    after = column_of(scene, coord, synthesised, "After. Red: resized, and unknown from now on")
    image = Image.new("RGB", (2 * before.width + 3 * GAP, before.height + GAP), "white")
    image.paste(before, (GAP, 0))
    image.paste(after, (before.width + 2 * GAP, 0))
    return image


def main() -> None:
    PICTURE.parent.mkdir(exist_ok=True)
    picture(read_scene(SCANS, SCAN).scene, SEED).save(PICTURE, optimize=True)


if __name__ == "__main__":
    run_command(main)
