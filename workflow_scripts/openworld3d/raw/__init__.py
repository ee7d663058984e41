"""Raw files: their formats, the labels in them, and how they become scenes."""
