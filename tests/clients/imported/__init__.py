"""Models that other libraries fit on the spot, and what smartserve answers for them: the parts of import_test.py."""
