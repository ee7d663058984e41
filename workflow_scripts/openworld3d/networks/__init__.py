"""Networks: their contract, input, layers and weights."""
