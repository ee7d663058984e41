"""Tables of networks that are trained already and of outputs that somebody else saved: mistakes have messages."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.configs import ROOT, SCHEMA, put, read

from openworld3d.errors import UserError
from openworld3d.plugins import literal
from openworld3d.workflow.config import check_config
from openworld3d.workflow.rows import rows_of_table
from openworld3d.workflow.slices import has_pseudo_masks

DEFAULT = read()
SCANNET = ROOT / "workflow_scripts/openworld3d/datasets/scannet.py"


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def pretrained(tmp_path: Path) -> dict[str, Any]:
    """Return the default config with a recipe that is already trained in its table."""
    file = tmp_path / "x.pth"
    file.touch()
    config = copy.deepcopy(DEFAULT)
    known = [name for name in literal(SCANNET, "CLASSES") if name != "sofa"]
    config["recipes"]["released"] = {"kind": "closed_set", "pretrained": str(file), "pretrained_classes": known}
    config["tables"]["rooms"]["methods"] = {"closed_set": ["msp"], "released": ["msp", "knn"]}
    return config


def test_recipe_that_is_trained_already_is_right(pretrained: dict[str, Any]) -> None:
    check_config(pretrained, SCHEMA)
    pretrained["recipes"]["released"]["pretrained_classes"].reverse()
    check_config(pretrained, SCHEMA)
    del pretrained["recipes"]["released"]["pretrained_classes"]
    check_config(pretrained, SCHEMA)


def test_trained_network_may_have_columns_that_nothing_taught(pretrained: dict[str, Any]) -> None:
    released = pretrained["recipes"]["released"]
    released["pretrained_classes"].insert(3, "sofa")
    released["pretrained_untaught"] = ["sofa"]
    check_config(pretrained, SCHEMA)
    released["pretrained_classes"].insert(0, "void")
    released["pretrained_untaught"] = ["void", "sofa"]
    check_config(pretrained, SCHEMA)
    del released["pretrained_classes"]
    check_config(pretrained, SCHEMA)


def test_columns_that_a_network_keeps_untaught_are_named_with_its_classes(pretrained: dict[str, Any]) -> None:
    backbone, released = pretrained["backbones"]["stratified_small"], pretrained["recipes"]["released"]
    backbone["untaught_columns"] = "void_and_unknown"
    with pytest.raises(UserError, match=r"lacks void, sofa, of which the network has a column, says the backbone's"):
        check_config(pretrained, SCHEMA)
    released["pretrained_classes"] = ["void", "sofa", *released["pretrained_classes"]]
    check_config(pretrained, SCHEMA)
    backbone["untaught_columns"] = "unknown"
    with pytest.raises(UserError, match=r"says void, but class void does not exist"):
        check_config(pretrained, SCHEMA)


def test_trained_network_of_real_needs_no_start(pretrained: dict[str, Any]) -> None:
    pretrained["recipes"]["released"].update(kind="real", redundancy=2)
    pretrained["tables"]["rooms"]["methods"]["released"] = ["redundancy", "msp"]
    check_config(pretrained, SCHEMA)
    pretrained["recipes"]["released"]["start_from"] = "closed_set"
    with pytest.raises(UserError, match=r"has the key start_from, which a recipe with pretrained does not have$"):
        check_config(pretrained, SCHEMA)


def test_trained_network_of_pdf_needs_no_key_of_its_training(pretrained: dict[str, Any]) -> None:
    released = pretrained["recipes"]["released"]
    released.update(kind="pdf", second_decoder="memory_cell", initial_state="zero")
    pretrained["tables"]["rooms"]["methods"]["released"] = ["unknown_logit", "msp"]
    check_config(pretrained, SCHEMA)
    assert not has_pseudo_masks(pretrained, "released")
    for key in ("start_from", "region_radius", "pseudo_labels"):
        released[key] = pretrained["recipes"]["pdf"].get(key, "oracle")
        with pytest.raises(UserError, match=f"has the key {key}, which a recipe with pretrained does not have$"):
            check_config(pretrained, SCHEMA)
        del released[key]


def test_page_of_pdf_says_how_its_checkpoint_is_evaluated(tmp_path: Path) -> None:
    (written,) = re.findall("```yaml\n(.*?)```", (ROOT / "docs/pdf.md").read_text(), re.DOTALL)
    (tmp_path / "released.yaml").write_text(written.replace("/path/to", str(tmp_path)))
    (tmp_path / "model_best.pth").touch()
    config = read(ROOT / "experiments/pdf_scannet.yaml", tmp_path / "released.yaml")
    check_config(config, SCHEMA)
    assert [row["method"] for row in rows_of_table(config, config["table"])] == [
        "pdf_released + unknown_logit",
        "pdf_released + msp",
    ]


def test_trained_network_is_asked_for_what_its_kind_needs(pretrained: dict[str, Any]) -> None:
    released = pretrained["recipes"]["released"]
    released["kind"] = "dropout"
    with pytest.raises(UserError, match=r"recipes\.released lacks the key dropout$"):
        check_config(pretrained, SCHEMA)
    released["dropout"] = 0.5
    pretrained["tables"]["rooms"]["methods"]["released"] = ["msp", "class_variance"]
    check_config(pretrained, SCHEMA)


def test_network_that_was_taught_every_class_is_an_upper_bound(pretrained: dict[str, Any]) -> None:
    pretrained["tables"]["rooms"]["methods"]["released"] = ["unknown_probability"]
    released = pretrained["recipes"]["released"]
    released["kind"] = "upper_bound"
    with pytest.raises(UserError, match="lacks sofa, which are known classes of the protocol"):
        check_config(pretrained, SCHEMA)
    released["pretrained_classes"].append("sofa")
    check_config(pretrained, SCHEMA)


def test_trained_network_is_asked_with_paths_dropped_and_joined_by_no_ensemble(pretrained: dict[str, Any]) -> None:
    pretrained["recipes"]["drop_path"]["network_of"] = "released"
    pretrained["tables"]["rooms"]["methods"]["drop_path"] = ["entropy"]
    check_config(pretrained, SCHEMA)
    pretrained["tables"]["rooms"]["seeds"] = [0, 1]
    del pretrained["tables"]["rooms"]["methods"]["released"]
    with pytest.raises(UserError, match="seeds has 2 seeds, but recipe drop_path is trained already"):
        check_config(pretrained, SCHEMA)
    pretrained["recipes"]["ensemble"]["network_of"] = "released"
    pretrained["tables"]["rooms"]["methods"] = {"ensemble": ["entropy"]}
    with pytest.raises(UserError, match="network_of says released, which is one network, trained already"):
        check_config(pretrained, SCHEMA)


@pytest.fixture
def saved(tmp_path: Path) -> dict[str, Any]:
    """Return the default config with somebody else's logits and scores as its table."""
    config = copy.deepcopy(DEFAULT)
    for name, array in (("theirs", np.zeros((2, 3))), ("their_scores", np.zeros(2))):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "val_000.npy", array)
        config["recipes"][name] = {"kind": "saved_outputs", "folder": str(tmp_path / name)}
    config["tables"]["rooms"]["methods"] = {"theirs": ["msp", "energy"], "their_scores": ["saved_score"]}
    return config


def test_saved_logits_and_scores_are_right(saved: dict[str, Any]) -> None:
    check_config(saved, SCHEMA)


SAVED_CASES: list[tuple[Callable[[Any], object], str]] = [
    (
        put("recipes.theirs.folder", "absent"),
        "recipes.theirs.folder says absent, but there is no such folder; put scenes/SCENE/logits.npy or SCENE.npy",
    ),
    (put("tables.rooms.seeds", [0, 1]), "rooms.seeds has 2 seeds, but recipe theirs is trained already"),
    (
        put("tables.rooms.methods.their_scores", ["msp"]),
        "says msp, which reads logits of each scene, but .*their_scores has a score, no training sample and no last "
        "layer; save scenes/SCENE/logits.npy, or take the score out",
    ),
    (
        put("tables.rooms.methods.theirs", ["redundancy"]),
        "says redundancy, which reads unknown_logit, which saved outputs do not have; take the score out, or save",
    ),
]


@pytest.mark.parametrize(("mistake", "sentence"), SAVED_CASES)
def test_mistake_about_saved_outputs_is_named(
    saved: dict[str, Any], mistake: Callable[[Any], object], sentence: str
) -> None:
    mistake(saved)
    with pytest.raises(UserError, match=sentence):
        check_config(saved, SCHEMA)


RELEASED = "recipes.released"
ASKED = "recipes.released.pretrained_classes in protocol"
PRETRAINED_CASES: list[tuple[Callable[[Any], object], str]] = [
    (put(f"{RELEASED}.epochs", 3), "released has the key epochs, which a recipe with pretrained does not have$"),
    (put(f"{RELEASED}.epoks", 3), "released has the key epoks, which does not exist, did you mean epochs"),
    (put(RELEASED, {"kind": "closed_set", "pretraind": "x"}), "key pretraind, .* did you mean pretrained"),
    (
        put(RELEASED, {"kind": "closed_set"}),
        "released lacks the keys epochs, loop, .* and drop_appearance; write them, or let it",
    ),
    (put(RELEASED, {"pretrained": "x"}), "released lacks the key kind$"),
    (
        put(RELEASED, {"kind": "closed_set", "pretrained_classes": ["wall"]}),
        "has the key pretrained_classes, which needs the key pretrained",
    ),
    (put(f"{RELEASED}.pretrained", 3), "pretrained is 3, which is a number to YAML, expected the file of a network"),
    (put(f"{RELEASED}.pretrained", "x.pth"), "pretrained says x.pth, but there is no such file; put the checkpoint"),
    (
        lambda config: config["recipes"]["released"]["pretrained_classes"].append("sofa"),
        f"{ASKED} sofa says sofa, which the protocol holds unknown",
    ),
    (
        lambda config: config["recipes"]["released"]["pretrained_classes"].remove("wall"),
        f"{ASKED} sofa lacks wall, which are known classes of the protocol",
    ),
    (
        lambda config: config["recipes"]["released"]["pretrained_classes"].append("wal"),
        f"{ASKED} sofa says wal, but class wal does not exist, did you mean wall",
    ),
    (
        put("tables.rooms.protocols", ["sofa", "four_unknown"]),
        f"{ASKED} four_unknown says chair, which the protocol",
    ),
    (put("tables.rooms.seeds", [0, 1]), "rooms.seeds has 2 seeds, but recipe released is trained already"),
    (
        put(f"{RELEASED}.pretrained_untaught", ["wall"]),
        "released.pretrained_untaught in protocol sofa says wall, which is known",
    ),
    (
        put(f"{RELEASED}.pretrained_untaught", ["sofa"]),
        "released.pretrained_untaught in protocol sofa says sofa, which pretrained_classes does not have",
    ),
    (
        put(RELEASED, {"kind": "closed_set", "pretrained_untaught": ["sofa"]}),
        "has the key pretrained_untaught, which needs the key pretrained",
    ),
]


@pytest.mark.parametrize(("mistake", "sentence"), PRETRAINED_CASES)
def test_mistake_about_a_trained_network_is_named(
    pretrained: dict[str, Any], mistake: Callable[[Any], object], sentence: str
) -> None:
    mistake(pretrained)
    with pytest.raises(UserError, match=sentence):
        check_config(pretrained, SCHEMA)


def test_checkpoint_that_another_recipe_starts_from_is_needed(pretrained: dict[str, Any]) -> None:
    pretrained["recipes"]["real"]["start_from"] = "released"
    pretrained["tables"]["rooms"]["methods"] = {"real": ["redundancy"]}
    check_config(pretrained, SCHEMA)
    pretrained["recipes"]["released"]["pretrained"] = "absent.pth"
    with pytest.raises(UserError, match=r"released.pretrained says absent.pth, but there is no such file"):
        check_config(pretrained, SCHEMA)


def test_checkpoint_that_the_wanted_table_does_not_need_may_be_absent(pretrained: dict[str, Any]) -> None:
    pretrained["recipes"]["released"]["pretrained"] = "absent.pth"
    del pretrained["tables"]["rooms"]["methods"]["released"]
    check_config(pretrained, SCHEMA)
