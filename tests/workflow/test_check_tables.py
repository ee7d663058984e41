"""Tables of networks that are trained already and of outputs that somebody else saved: mistakes have messages."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Callable

import pytest
from tests.workflow.test_config import DEFAULT, ROOT, SCHEMA, put

from openworld3d.errors import UserError
from openworld3d.plugins import literal
from openworld3d.workflow.config import check_config

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
    with pytest.raises(UserError, match="network_of says released, which is one network, trained already"):
        check_config(pretrained, SCHEMA)


@pytest.fixture
def saved(tmp_path: Path) -> dict[str, Any]:
    """Return the default config with somebody else's logits and scores as its table."""
    config = copy.deepcopy(DEFAULT)
    config["recipes"]["theirs"] = {"kind": "saved_logits", "logits": str(tmp_path)}
    config["recipes"]["their_scores"] = {"kind": "saved_scores", "scores": str(tmp_path)}
    config["tables"]["rooms"]["methods"] = {"theirs": ["msp", "energy"], "their_scores": ["saved_score"]}
    return config


def test_saved_logits_and_scores_are_right(saved: dict[str, Any]) -> None:
    check_config(saved, SCHEMA)
    known = [name for name in literal(SCANNET, "CLASSES") if name != "sofa"]
    saved["recipes"]["theirs"]["logits_classes"] = known[::-1]
    check_config(saved, SCHEMA)


SAVED_CASES: list[tuple[Callable[[Any], object], str]] = [
    (
        put("recipes.theirs.logits", "absent"),
        "recipes.theirs says absent, but there is no such folder; put SCENE.npy",
    ),
    (put("recipes.their_scores.scores", "absent"), "their_scores says absent, but there is no such folder"),
    (
        put("recipes.theirs.logits_classes", ["sofa"]),
        "theirs.logits_classes, used in protocol sofa, says sofa, which",
    ),
    (put("recipes.theirs.logits_classes", []), "logits_classes is \\[\\], expected a list of the classes of the col"),
    (put("tables.rooms.seeds", [0, 1]), "rooms.seeds has 2 seeds, but recipe theirs is trained already"),
    (
        put("tables.rooms.methods.their_scores", ["msp"]),
        "says msp, which reads logits, but the recipe outputs saved_s",
    ),
    (put("tables.rooms.methods.theirs", ["standardised_max_logit"]), "but the recipe has no network to show them to"),
]


@pytest.mark.parametrize(("mistake", "sentence"), SAVED_CASES)
def test_mistake_about_saved_outputs_is_named(
    saved: dict[str, Any], mistake: Callable[[Any], object], sentence: str
) -> None:
    mistake(saved)
    with pytest.raises(UserError, match=sentence):
        check_config(saved, SCHEMA)


RELEASED = "recipes.released"
ASKED = "recipes.released.pretrained_classes, used in protocol"
PRETRAINED_CASES: list[tuple[Callable[[Any], object], str]] = [
    (put(f"{RELEASED}.epochs", 3), "released has the key epochs, which a recipe with pretrained does not have$"),
    (put(f"{RELEASED}.epoks", 3), "released has the key epoks, which does not exist, did you mean epochs"),
    (put(RELEASED, {"kind": "closed_set", "pretraind": "x"}), "key pretraind, .* did you mean pretrained"),
    (put(RELEASED, {"kind": "closed_set"}), "released lacks the key epochs$"),
    (put(RELEASED, {"pretrained": "x"}), "released lacks the key kind$"),
    (put(RELEASED, {"kind": "closed_set", "pretrained_classes": ["wall"]}), "'pretrained' is a dependency of"),
    (put(f"{RELEASED}.pretrained", 3), "pretrained is 3, expected the file of a network that is already trained"),
    (put(f"{RELEASED}.pretrained", "x.pth"), "pretrained says x.pth, but there is no such file; put the checkpoint"),
    (
        lambda config: config["recipes"]["released"]["pretrained_classes"].append("sofa"),
        f"{ASKED} sofa, says sofa, which the protocol holds unknown",
    ),
    (
        lambda config: config["recipes"]["released"]["pretrained_classes"].remove("wall"),
        f"{ASKED} sofa, lacks wall, which are known classes of the protocol",
    ),
    (
        lambda config: config["recipes"]["released"]["pretrained_classes"].append("wal"),
        f"{ASKED} sofa, says wal, but class wal does not exist, did you mean wall",
    ),
    (
        put("tables.rooms.protocols", ["sofa", "four_unknown"]),
        f"{ASKED} four_unknown, says chair, which the protocol",
    ),
    (put("tables.rooms.seeds", [0, 1]), "rooms.seeds has 2 seeds, but recipe released is trained already"),
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
