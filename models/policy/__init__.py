"""Policy: how fast, for whom, by which calendar. Packs are readable files; versions are rows."""
