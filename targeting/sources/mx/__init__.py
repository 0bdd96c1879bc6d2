"""Mexican sources: INEGI, CONAPO, DENUE. Their names and codes stay in this folder."""
