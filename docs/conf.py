"""Settings of the documentation: ``make docs``, or ``sphinx-build docs OUT`` with the extra ``docs``.

Nothing is fetched: no inventories of other projects, no web fonts, and formulas are MathML, which browsers set by
themselves.
"""

import os
import sys
import warnings
from importlib.metadata import version as version_of
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of examples and tutorials, so that numbers do not depend on the machine
sys.path.insert(0, str(Path(__file__).parent / "_ext"))
warnings.filterwarnings("ignore", category=DeprecationWarning)

project, author = "dendrosim", "The dendrosim developers"
copyright = author
release = version = version_of("dendrosim")
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_gallery.gen_gallery",
    "generated",
    "mathml",
]
exclude_patterns = ["_build", "_ext", "gallery/*.ipynb", "gallery/*.py", "gallery/*.md5"]
templates_path = ["_templates"]
default_role = "literal"
smartquotes = False  # --epochs is an option
suppress_warnings = ["config.cache", "mystnb.unknown_mime_type"]

html_theme = "furo"
html_title = f"dendrosim {release}"
html_static_path = ["_static"]
html_css_files = ["dendrosim.css"]
html_theme_options = {"light_css_variables": {"font-stack": "system-ui, sans-serif"}, "navigation_with_keys": True}
html_show_sphinx = False

autodoc_typehints = "none"  # numpydoc says types, shapes and units
autodoc_member_order = "bysource"
autodoc_default_options = {"exclude-members": "model_config, model_post_init, model_fields, model_computed_fields"}
autosummary_generate_overwrite = True
autosummary_filename_map = {"dendrosim.audit.audit": "dendrosim.audit.audit-function"}  # beside the class Audit
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True

myst_enable_extensions = ["dollarmath", "amsmath", "attrs_block", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/\d\d_",
    "ignore_pattern": r"/(?!\d\d_)[^/]*\.py",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("figures.taken",),
    "reset_argv": "figures.arguments",
    "reset_modules": (),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "capture_repr": (),
}
