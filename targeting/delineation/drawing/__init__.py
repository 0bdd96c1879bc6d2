"""From groups of blocks to named places on the ground, along the middle of the streets."""
