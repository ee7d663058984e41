"""Unknown objects made of known ones: whole instances resized in place, as REAL trains with.

Cen et al., Open-world Semantic Segmentation for LIDAR Point Clouds, ECCV 2022, arXiv 2207.01452. The paper resizes
cars (SemanticKITTI) or cars, buses and trucks (nuScenes), the released code every thing class that is not unknown.
Nothing is moved elsewhere, set on the ground again, hidden or sampled anew.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from openworld3d.errors import UserError, nearest
from openworld3d.protocols.protocol import Protocol
from openworld3d.scenes.scene import NO_INSTANCE, Scene
from openworld3d.scenes.voxels import first_points, voxelise

COMPONENT_REACH = 0.3  # metres, between two chairs in a row and between two points of a car


class Synthesis(NamedTuple):
    """How instances are resized, by default as in REAL's released code.

    Each instance with at least `least_points` points is, with probability `share`, resized by one factor drawn from
    `larger` or from `smaller`, each half of the time.
    """

    share: float = 0.5
    larger: tuple[float, float] = (1.5, 3.0)
    smaller: tuple[float, float] = (0.25, 0.5)
    least_points: int = 300


def source_classes(protocol: Protocol, names: Sequence[str]) -> np.ndarray:
    """Return the classes whose instances may be resized, as indices in the dataset's classes: (S,) uint8.

    A class that does not exist or is unknown is refused, and so is a list without a class.
    """
    for name in names:
        if name not in protocol.classes:
            raise UserError(
                f"sources: class {name} does not exist in the dataset{nearest(name, protocol.known)}; "
                "name a known class"
            )
        if name in protocol.unknown:
            raise UserError(
                f"sources: class {name} is unknown in this protocol, expected known classes alone, since a training "
                "must not see which points are of an unknown one; leave it out"
            )
    if not names:
        raise UserError(
            "sources: holds no class, expected one or more to make unknown objects of; name known classes"
        )
    return np.array([protocol.classes.index(name) for name in names], np.uint8)


def altered(
    scene: Scene, sources: np.ndarray, options: Synthesis, generator: np.random.Generator
) -> tuple[Scene, np.ndarray]:
    """Return the scene with unknown objects made of its instances, or of its components where it has no instance.

    Beside it (N,) bool, which points are theirs.
    """
    scene, made = with_instances(scene, sources, COMPONENT_REACH)
    if made:
        say_that_components_stand_in()
    coord, synthesised = synthesise(scene, sources, options, generator)
    return replace(scene, coord=coord), synthesised


@lru_cache(maxsize=None)
def say_that_components_stand_in() -> None:
    """Say once that a scene has no instances."""
    print(f"no instances: points of a class within {COMPONENT_REACH} m of each other count as one object", flush=True)


def synthesise(
    scene: Scene, sources: np.ndarray, options: Synthesis, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Resize instances of the source classes (S,) uint8, each about its own centroid c: x -> c + factor (x - c).

    Return where the points are now, (N, 3) float32 in metres, and which of them are now unknown, (N,) bool. Neither
    depends on the label or instance of a point of another class.
    """
    coord = scene.coord.copy()
    synthesised = np.zeros(len(scene), bool)
    for instance in instances(scene, sources):
        if len(instance) >= options.least_points and generator.random() < options.share:
            coord[instance] = resized(scene.coord[instance], draw_factor(options, generator))
            synthesised[instance] = True
    return coord, synthesised


def instances(scene: Scene, classes: np.ndarray) -> list[np.ndarray]:
    """Return the points of each instance of the classes, in the order of class and instance: a list of (n,) int64.

    An instance that spans classes is one of each, so that no point of another class comes along. On nuScenes REAL's
    code ignores the class: there car 1 and pedestrian 1 are one object.
    """
    points = np.flatnonzero(np.isin(scene.label, classes) & (scene.instance != NO_INSTANCE))
    # In 64 bits no two instances share a number; the reference's 8 bits make one of every 256th.
    key = (scene.label[points].astype(np.int64) << 32) + scene.instance[points]
    order = np.argsort(key, kind="stable")
    first = np.unique(key[order], return_index=True)[1]
    return np.split(points[order], first[1:]) if len(points) else []


def draw_factor(options: Synthesis, generator: np.random.Generator) -> float:
    """Draw by how much an instance is resized."""
    return generator.uniform(*(options.larger if generator.random() < 0.5 else options.smaller))


def resized(coord: np.ndarray, factor: float) -> np.ndarray:
    """Resize points about their centroid: (n, 3) float32 -> (n, 3) float64."""
    centroid = coord.mean(0, dtype=np.float64)
    return centroid + factor * (coord - centroid)


def with_instances(scene: Scene, sources: np.ndarray, reach: float) -> tuple[Scene, bool]:
    """Use components as instances where no point of the source classes has one; return the scene, and whether so.

    Only points of the source classes (S,) uint8 are looked at, so that nothing of unknown ones leaks.
    """
    instance = scene.instance[np.isin(scene.label, sources)]
    if len(instance) == 0 or (instance != NO_INSTANCE).any():
        return scene, False
    return replace(scene, instance=components(scene.coord, scene.label, sources, reach)), True


def components(coord: np.ndarray, label: np.ndarray, classes: np.ndarray, reach: float) -> np.ndarray:
    """Number the connected parts of each class from 0, -1 in all other classes: (N, 3) float32 -> (N,) int32.

    Points of one class are connected when they are at most `reach` metres apart. In a voxel of a quarter of it, one
    point stands for all, so that a dense scan has few pairs: none is connected that `reach` does not connect.
    """
    instance = np.full(len(coord), NO_INSTANCE, np.int32)
    for number in classes:
        points = np.flatnonzero(label == number)
        if len(points):
            instance[points] = parts(coord[points], reach) + instance.max() + 1
    return instance


def parts(coord: np.ndarray, reach: float) -> np.ndarray:
    """Number the connected parts of some points from 0: (n, 3) float32 -> (n,) int32."""
    voxel = voxelise(coord, reach / 4)
    first = first_points(voxel)
    pairs = cKDTree(coord[first]).query_pairs(reach, output_type="ndarray")  # (P, 2)
    graph = coo_matrix((np.ones(len(pairs), bool), pairs.T), shape=(len(first), len(first)))
    return connected_components(graph, directed=False)[1][voxel]
