"""nfrlab puts the negative-filtering theory of saliency maps on trial."""

from pathlib import Path

if not (Path(__file__).parent / "theory").is_dir():  # a source tree: the rooms lie beside the door
    __path__.append(str(Path(__file__).parents[1]))
