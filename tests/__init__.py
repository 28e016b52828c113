"""Tests. Not shipped."""
