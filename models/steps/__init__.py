"""The steps of the road: one file a room, one command a deed. Steps never import each other."""
