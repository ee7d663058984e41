"""Outputs that somebody else's network gave: the folder they are saved in, its arrays, and the checks of them.

`open_saved` of `folder` says what there is, `read_scenes` and `read_scene` of `scenes` give the outputs of scenes,
`read_sample` of `sample` the training sample with the last layer.
"""
