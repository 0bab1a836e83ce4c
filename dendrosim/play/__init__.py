"""A small trained network as one page that simulates it in the browser."""

from dendrosim.play.page import play_page, write_play_page

__all__ = ["play_page", "write_play_page"]
