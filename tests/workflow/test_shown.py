"""Where a call says that its results are."""

from __future__ import annotations

from openworld3d.workflow.inputs import Made
from openworld3d.workflow.shown import places_to_look

TABLE = {"table": "rooms"}
METHOD = {"protocol": "sofa", "backbone": "small", "recipe": "closed_set", "seed": "0", "coverage": "single"}


def test_places_are_named_once_by_hand() -> None:
    made = [
        Made("make_table", "csv", TABLE),
        Made("make_table", "markdown", TABLE),
        Made("make_report", "html", TABLE),
        Made("draw_figures", "scenes_png", TABLE),
        Made("check_protocol", "page", {"protocol": "sofa"}),
        Made("check_protocol", "page", {"protocol": "chair"}),
        *(Made("export_clouds", "out", {**METHOD, "score": score}) for score in ("msp", "energy")),
    ]
    assert places_to_look(made) == [
        "table:   results/tables/rooms.csv, .md, .tex",
        "report:  results/reports/rooms.html",
        "figures: results/figures/rooms.*",
        "pages:   results/protocols/",
        "clouds:  results/runs/sofa/small/closed_set/seed0/current/single/msp/clouds/ and 1 more",
        "logs:    logs/",
    ]


def test_outputs_of_networks_are_in_no_place_to_look_at() -> None:
    assert places_to_look([Made("infer", "out", {})]) == ["logs:    logs/"]
