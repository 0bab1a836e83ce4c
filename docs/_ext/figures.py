"""Figures of the gallery: each example is run as from the shell, with ``--out``, and its PNG taken from there."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from sphinx_gallery.scrapers import figure_rst

FOLDER = Path(tempfile.mkdtemp(prefix="dendrosim-gallery-"))


class Arguments:
    """What stands behind the name of the script on its command line."""

    def __call__(self, gallery_conf: dict[str, Any], script_vars: dict[str, Any]) -> list[str]:
        """Return the folder of the figure, as an option."""
        return ["--out", str(FOLDER)]

    def __repr__(self) -> str:  # sphinx-gallery compares settings by what they print
        return "Arguments()"


arguments = Arguments()


def taken(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Move the figures that an example has left into the gallery, and show them."""
    places = []
    for figure in sorted(FOLDER.glob("*.png")):
        places.append(next(block_vars["image_path_iterator"]))
        shutil.move(figure, places[-1])
    return str(figure_rst(places, gallery_conf["src_dir"]))
