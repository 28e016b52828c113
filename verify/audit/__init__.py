"""What can a saliency map be trusted for? The questions, their answers, and the page that shows them."""

__all__ = [
    "audit",
    "page",
    "questions",
]
