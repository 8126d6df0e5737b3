"""The array calculator as a page in the browser, from the standard library alone."""

from spinode.design_page.server import HOST, make_server

__all__ = ["HOST", "make_server"]
