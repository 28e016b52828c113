"""Speed, as ratios measured side by side in one run. Not tests: a test never asserts a time."""
