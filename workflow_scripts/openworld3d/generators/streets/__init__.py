"""Streets, scanned by a simulated spinning LiDAR on a car and written in the layout of SemanticKITTI."""
