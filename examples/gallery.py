"""Renders all examples to one page with their figures and what to see in them: ``make gallery``."""

import ast
import html
import subprocess
import sys
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>dendrosim: gallery</title>
<style>
body {{ font: 15px/1.5 sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
nav {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1rem; }}
nav a {{ border: 1px solid #ddd; border-radius: 4px; padding: .5rem; color: inherit; text-decoration: none; }}
nav img {{ width: 100%; height: 7rem; object-fit: contain; }}
section img {{ width: 100%; }}
</style>
<h1>dendrosim: gallery</h1>
<nav>
{thumbnails}
</nav>
{sections}
</html>
"""
THUMBNAIL = '<a href="#{name}"><img src="{name}.png" alt=""><br>{title}</a>'
SECTION = """<section id="{name}"><h2>{title}</h2>
<img src="{name}.png" alt="{title}">
<p>{text}</p><p><code>python examples/{name}.py</code></p></section>"""


def main(folder: Path) -> None:
    """Run every example whose figure is not in the folder yet, and write its index.html."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for script in sorted(Path(__file__).parent.glob("[0-9]*.py")):
        if not (folder / f"{script.stem}.png").is_file():
            print(script.name, flush=True)
            subprocess.run([sys.executable, str(script), "--out", str(folder)], check=True)
        title, _, text = (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").partition("\n")
        text = text.strip().removeprefix(f"Leaves {script.stem}.png. ")
        entries.append({"name": script.stem, "title": html.escape(title.rstrip(".")), "text": html.escape(text)})
    thumbnails = "\n".join(THUMBNAIL.format(**entry) for entry in entries)
    sections = "\n".join(SECTION.format(**entry) for entry in entries)
    (folder / "index.html").write_text(PAGE.format(thumbnails=thumbnails, sections=sections), encoding="utf-8")
    print(f"Written: {folder / 'index.html'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
