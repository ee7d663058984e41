"""One file per architecture: its `KEYS`, `build(config, in_channels, classes)` and its own `geometry` of points."""
