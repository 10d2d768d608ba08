"""Stage mode: prepared scenes and a game of twelve cells, large enough for a hall."""
