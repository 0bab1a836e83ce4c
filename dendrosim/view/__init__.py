"""A recording as one page for the browser, which holds all that it needs; in a notebook, in its place."""

from dendrosim.view.frame import Frame, show
from dendrosim.view.page import write_page

__all__ = ["Frame", "show", "write_page"]
