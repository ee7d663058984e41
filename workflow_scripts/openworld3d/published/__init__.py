"""What papers report: the protocols that they evaluate by, and the numbers of their tables."""
