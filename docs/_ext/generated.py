"""Pages of the reference that are written from the code, anew with each build."""

from pathlib import Path

import command_pages
import model_pages
import public_names
import rule_pages
from sphinx.application import Sphinx

FOLDER = "reference/generated"


def pages() -> dict[str, str]:
    """Return the text of each generated page by its name."""
    return {
        "model-file": model_pages.page(),
        "commands": command_pages.page(),
        "rules": rule_pages.page(),
        **public_names.pages(),
    }


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before autosummary looks for what it has to document."""
    app.connect("builder-inited", _write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for name, text in written.items():
        place = folder / f"{name}.rst"
        if not place.is_file() or place.read_text("utf-8") != text:  # what did not change is not built again
            place.write_text(text, encoding="utf-8")
    known = {f"{path}.{name}" for path, (own, _) in public_names.described().items() for name in own}
    for place in [*folder.glob("*.rst"), *folder.glob("names/*.rst")]:  # what has gone from the code goes from here
        if place.stem.removesuffix("-function") not in {*written, *known}:
            place.unlink()
    app.env.find_files(app.config, app.builder)  # autosummary looks at what was found
