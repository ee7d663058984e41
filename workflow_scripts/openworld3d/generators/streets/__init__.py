"""Streets, scanned by a simulated spinning LiDAR on a car and written as SemanticKITTI writes its scans."""
