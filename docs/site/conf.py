"""Sphinx's settings for the course's site; `build.py` prepares what it reads, executed already."""

project = "musicgan_edu"
author = "the authors of musicgan_edu"
extensions = ["myst_nb", "sphinx-mathjax-offline"]  # formulas without a network, too
nb_execution_mode = "off"
# A player's static twin (an HTML page part with its sound) goes before the live widget, which needs a kernel.
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type", "misc.highlighting_failure"]
html_theme = "sphinx_book_theme"
html_title = "Music with GANs"
html_show_copyright = False
html_theme_options = {"show_navbar_depth": 1, "use_download_button": False, "use_fullscreen_button": False}
html_context = {"default_mode": "auto"}  # else the theme complains in the console
