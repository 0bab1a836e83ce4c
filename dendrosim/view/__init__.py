"""A recording as one page for the browser, which holds all that it needs."""

from dendrosim.view.page import write_page

__all__ = ["write_page"]
