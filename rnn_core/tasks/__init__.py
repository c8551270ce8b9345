"""Data for the notebooks, one file per task; each says in its first lines what it is."""
