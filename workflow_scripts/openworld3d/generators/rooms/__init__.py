"""Furnished rooms, scanned by a simulated hand-held camera and written as ScanNet v2 writes its scans."""
