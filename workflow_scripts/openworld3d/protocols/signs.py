"""Signs that the files of scenes have lost digits or stray points, are not in metres, or have another range."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, Sequence

# In metres: the steps of float32 from 2 to 4 km from the origin.
FINE = 2.0**-12
# In metres, of a scene: rooms are narrower than the second and, in millimetres, far wider.
NARROW, WIDE = 1.0, 100.0
# Occupied cubic metres per point: airborne scans of one point in 4 square metres stay below.
SPARSE = 0.95
# A scene with a point far away is wider, in metres and in widths of the box of 99.9 % of its points: LiDAR scans and
# airborne tiles stay below 1.2.
FAR, STRAY = 500.0, 4.0
# Share of full brightness that a scene's largest value reaches, and share of its points that exceed full brightness.
DARK, BRIGHT = 0.1, 0.1
MOST_NAMES = 10
Scene = Dict[str, Any]  # its entry of a manifest


def coarse(scene: Scene) -> str | None:
    """Return the steps of a scene's coordinates, None where they are fine."""
    return f"{scene['resolution']:.2g} m" if scene["resolution"] > FINE else None


def narrow(scene: Scene) -> str | None:
    """Return the width of a scene, None where it can be that of a place: degrees are 100 km each."""
    width = max(scene["extent"][:2])
    return f"{width:g} m" if width < NARROW else None


def sparse(scene: Scene) -> str | None:
    """Return the width of a scene, None unless it is wide and almost every point has a cubic metre of its own."""
    width = max(scene["extent"])
    return f"{width:g} m wide" if width > WIDE and scene["cubic_metres"] > SPARSE * scene["points"] else None


def stray(scene: Scene) -> str | None:
    """Return the width of a scene and that of 99.9 % of its points, None where the others are not far from them."""
    width, within = max(scene["extent"]), max(scene["extent_within"])
    return f"{width:g} m wide, {within:g} m without" if width > max(FAR, STRAY * within) else None


def dark(scene: Scene, name: str) -> str | None:
    """Return the largest color or intensity of a scene, None where it comes near full brightness."""
    found = scene["brightness"].get(name)
    return f"{found['largest']:g} of {found['full']:g}" if found and found["largest"] < DARK * found["full"] else None


def bright(scene: Scene, name: str) -> str | None:
    """Return the largest color or intensity of a scene, None where few points exceed full brightness."""
    found = scene["brightness"].get(name)
    return f"{found['largest']:g} of {found['full']:g}" if found and found["above"] > BRIGHT else None


# What is said of the scenes in which a sign is found that the files are not as the config says.
SIGNS: tuple[tuple[str, Callable[[Scene], str | None]], ...] = (
    ("store coordinates too coarsely; write them in float64, or a .las with scales of millimetres", coarse),
    ("are less than a metre wide; write coordinates in metres", narrow),
    ("have hardly more than one point per occupied cubic metre; write coordinates in metres", sparse),
    ("have points far from 99.9 % of them; remove stray points and nodata values such as -9999", stray),
    ("have no color near color_full; correct it", partial(dark, name="color")),
    ("have no intensity near intensity_full; correct it", partial(dark, name="intensity")),
    ("have many colors above color_full, which are clipped; correct it", partial(bright, name="color")),
    ("have many intensities above intensity_full, which are clipped; correct it", partial(bright, name="intensity")),
)


def signs(scenes: Sequence[Scene]) -> list[str]:
    """Return a sentence for each sign that files are not as the config says, with the scenes and what was found."""
    sentences = []
    for said, sign in SIGNS:
        found = [f"{scene['name']} ({value})" for scene in scenes for value in [sign(scene)] if value]
        more = ", ..." if len(found) > MOST_NAMES else ""
        if found:
            sentences.append(f"{len(found)} of {len(scenes)} scenes {said}: {', '.join(found[:MOST_NAMES])}{more}.")
    return sentences
