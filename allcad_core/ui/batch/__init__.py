"""The page Batch: runs over many files that go on when the page is closed."""
