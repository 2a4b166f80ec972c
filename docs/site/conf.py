"""Sphinx's settings for the site; `pages.py` has laid out what it reads."""

import os

project = "musicgan_edu"
html_title = "GANs for music"
extensions = ["myst_nb", "sphinx-mathjax-offline"]
exclude_patterns = ["learner"]
suppress_warnings = ["mystnb.unknown_mime_type"]

nb_execution_mode = "off"  # the outputs come with the pages
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/html", 0)]  # a widget's static twin before its bare picture
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4

html_theme = "sphinx_book_theme"
html_context = {"default_mode": "auto"}  # else the theme complains in the console
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["search.js"]
html_favicon = "static/icon.svg"  # without one a browser asks for favicon.ico, which isn't there
html_extra_path = ["../../build/site/extra"]  # media/
html_show_sphinx = False
html_last_updated_fmt = ""  # no date: the same sources make the same site
html_theme_options = {
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "use_download_button": False,  # its file would be the executed one; each page links the learner's
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # the sidebar has the search
}

repository = os.environ.get("REPOSITORY", "").rstrip("/")  # of a fork, too; without one no launch buttons
if repository:
    html_theme_options |= {
        "repository_url": repository,
        "repository_branch": os.environ.get("BRANCH", "main"),
        "path_to_docs": "",
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }
