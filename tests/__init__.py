"""Tests, in rooms that mirror the house; each says what it would catch. Not shipped."""
