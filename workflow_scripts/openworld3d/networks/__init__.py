"""Networks: how one is built and fed, its layers and its weights."""
