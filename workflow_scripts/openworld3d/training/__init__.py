"""Training: the loop, its data, its optimizer, its checkpoint and its monitor."""
