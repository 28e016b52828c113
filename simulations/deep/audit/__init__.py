"""What an audit measures of any way to a saliency map, on any network: numbers beside their nulls, image by image."""

__all__ = [
    "files",
    "methods",
    "numbers",
]
