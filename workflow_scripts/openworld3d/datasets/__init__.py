"""One file per raw layout: its classes by name, its total map from raw ids, its splits and its reader."""
