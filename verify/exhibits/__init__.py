"""The samples that figures show."""
