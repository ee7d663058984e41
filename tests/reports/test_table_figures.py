from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.reports.made_up import row

from openworld3d.reports.figures import save
from openworld3d.reports.scene_figure import compared, levels, median_scene
from openworld3d.reports.table_figures import DASHES, NAMES, draw_curves, draw_metrics, drawn_rows, metric_points
from openworld3d.reports.table_files import protocols_of


def test_legend_covers_no_panel() -> None:
    points = pd.DataFrame(
        [
            ["sofa", "b", f"recipe{number}", "single", "s", f"recipe{number} + a_score_of_a_long_name", 0, curve, *at]
            for number in range(9)
            for curve in ("pr", "roc")
            for at in ((0.0, 0.1, 0.0, 0.2), (1.0, 0.9, 0.8, 1.0))
        ],
        columns=[*NAMES, "curve", "x", "value", "low", "high"],
    )
    figure = draw_curves(points, {"sofa": 0.1})
    figure.canvas.draw()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert len(legend.get_texts()) == 10
    for panel in figure.axes:
        assert not box.overlaps(panel.get_tightbbox())
    styles = [(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines[:9]]
    assert len(set(styles)) == 9
    assert styles[6][1] == DASHES[1]


def test_points_stand_at_their_numbers_with_their_intervals() -> None:
    rows = [row("msp"), row("knn"), row("msp", scenes=1, seed=1)]
    for one in rows:
        drawn = one.replicates["aupr"][1]
        ends = [None, None] if np.isnan(drawn).all() else np.quantile(drawn, [0.025, 0.975]).tolist()
        one.metrics["bootstrap"] = {"aupr": ends}  # type: ignore[index]
    points = metric_points(rows, ["aupr"])
    assert points["value"].tolist() == [one.metrics["aupr"] for one in rows]
    (panel,) = draw_metrics(points, ["aupr"]).axes
    dots = [line for line in panel.lines if line.get_marker() == "o"]
    assert [float(dot.get_xdata()[0]) for dot in dots] == pytest.approx([100 * one.metrics["aupr"] for one in rows])
    assert len(panel.lines) == 5  # the one scene has no interval
    assert [text.get_text() for text in panel.get_yticklabels()] == [
        "closed_set + msp, seed 0",
        "closed_set + knn, seed 0",
        "closed_set + msp, seed 1",
    ]


def test_table_of_which_nothing_is_defined_has_a_figure() -> None:
    (one,) = [row("msp", metrics=["aupr"])]
    undefined = one._replace(metrics={"aupr": None, "bootstrap": {"aupr": [None, None]}})
    (panel,) = draw_metrics(metric_points([undefined], ["aupr"]), ["aupr"]).axes
    assert [text.get_text() for text in panel.get_yticklabels()] == ["closed_set + msp"]


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    points = pd.DataFrame([["sofa", "b", "r", "single", "s", "m", 0, "aupr", 0.5, 0.4, 0.6]])
    points.columns = pd.Index([*NAMES, "metric", "value", "low", "high"])
    for kind in ("svg", "pdf", "png"):
        files = [tmp_path / f"{name}.{kind}" for name in "ab"]
        for file in files:
            save(draw_metrics(points, ["aupr"]), file, kind)
        assert files[0].read_bytes() == files[1].read_bytes()


def test_curves_are_of_the_best_score_of_each_recipe_and_the_first_seed() -> None:
    rows = [row(score, recipe, seed) for recipe in ("a", "b") for seed in (0, 1) for score in ("msp", "gen", "k")]
    drawn = drawn_rows(rows)
    for recipe, one in zip(("a", "b"), drawn):
        of_recipe = [other for other in rows if (other.identity["recipe"], other.identity["seed"]) == (recipe, 0)]
        assert one.metrics["aupr"] == max(other.metrics["aupr"] for other in of_recipe)
    assert len(drawn) == 2


def test_scene_is_that_of_the_median() -> None:
    assert median_scene({name: {"aupr": value} for name, value in zip("abcd", (0.9, 0.1, None, 0.5))}) == "d"
    assert median_scene({"b": {"aupr": None}, "a": {"aupr": None}}) == "a"


def test_first_method_is_compared_with_the_best() -> None:
    rows = [row("msp"), row("gen"), row("upper", "upper", trains_on_unknown=True)]
    for one, value in zip(rows, (0.2, 0.8, 0.9)):
        one.metrics["aupr"] = value  # type: ignore[index]
    assert compared(rows) == rows[:2]
    assert compared(rows[1:]) == [rows[1]]
    assert compared(rows[2:]) == [rows[2]]


def test_level_is_the_logarithm_of_the_known_share_above() -> None:
    score = np.array([*range(1000), -1.0, 990.0, 900.0, 5000.0])
    is_known = np.arange(len(score)) < 1000
    assert levels(score, is_known)[-4:] == pytest.approx([0, 2 / 3, 1 / 3, 1])


def test_files_are_in_the_order_of_the_rows() -> None:
    """And not in that of the config, whose keys are sorted."""
    assert protocols_of({"rows": [{"protocol": name} for name in "bba"], "protocols": {"a": {}, "b": {}}}) == [
        "b",
        "a",
    ]
