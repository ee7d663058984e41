"""Rooms and streets that are made, scanned and labelled here, for tests and for the default experiment."""
