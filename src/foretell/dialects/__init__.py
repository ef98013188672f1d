"""How the nouns read on the wire: one module or folder per dialect, all of them pure."""
