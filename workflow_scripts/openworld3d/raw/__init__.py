"""Raw files: reading their formats and labels, and preparing scenes from them."""
