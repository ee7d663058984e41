"""One file per architecture: `build(config, in_channels, classes)` and the network's own `geometry` of points."""
