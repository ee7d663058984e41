"""One file per way to train: the loss of a batch, and what the trained network puts out."""
