"""One file per recipe: how a network is trained, and what it puts out for scores to read.

A file says which rule its runs `BEGINS_WITH`, which `OUTPUTS` they have, and its own keys as JSON schemas:
`TRAINING_KEYS` say which network there is, `INFERENCE_KEYS` how it is asked, and a change to them trains nothing.

- `train`: `loss(network, batch, class_weight, recipe)` returns the loss of a batch and the logits (N, columns);
  `TEACHES_UNKNOWN` says whether its columns are all classes or the known ones. With the key `pretrained` such a
  recipe trains nothing, and begins with `import_weights`. Beside them it may have
  `adapt(network, recipe)`, which gives a backbone what the recipe needs,
  `alter(scene, protocol, recipe, generator)`, which changes a training scene before it is augmented, and
  `told(network)`, which returns what it counted in an epoch, for the training's history. With the key `start_from` it
  starts from the trained network of another recipe, of the same seed, with `start_epoch` from what that was after
  some of its epochs, in whose schedule it goes on; `started(network)` hears of it. With the key `teaches` it learns
  some of the unknown classes after the network before: the rule `relabel` writes its scenes, in which other points
  have labels as `OLD_LABELS` says, and `recipe` has `taught`, all classes that were taught so far.
- `infer`: the network is that of the recipe `network_of`.
- Whatever a network has trained is asked by `outputs(network, feature, geometry, recipe, generator)`: (N, C) float32
  each, by name. Beside the recipe's keys, `recipe` has `unknown_columns`, the columns of unknown classes.
- any other rule makes the outputs in a way of its own, without a network.
"""
