"""Furnished rooms, scanned by a simulated hand-held camera and written in the layout of ScanNet v2."""
