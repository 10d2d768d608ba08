"""The door of the dashboard: its pages and its frame. Run it with ``streamlit run app.py``."""

import streamlit as st
from starlette.middleware import Middleware

from allcad_core.ui import grace, kept, notes, theme, tidying, tour
from allcad_core.ui.early import EarlyStyle
from allcad_core.ui.live.routes import routes as live_routes
from allcad_core.ui.prompt import Prompt
from allcad_core.ui.shipped import Shipped
from allcad_core.ui.slide.routes import routes

if __name__ != "__main__":  # the server takes its routes from here; each run of the page is __main__
    tidying.few_arenas()
    grace.give()
    theme.own_navigation()
    between = [Middleware(each) for each in (Prompt, Shipped, EarlyStyle)]
    app = st.App(__file__, routes=[*routes(), *live_routes()], middleware=between, lifespan=tidying.lifespan)
else:
    page = st.navigation(
        {
            "": [
                st.Page("pages/home.py", title="Home", default=True),
                st.Page("pages/analyse.py", title="Analyse smear"),
                st.Page("pages/segmentation_lab.py", title="Segmentation lab"),
                st.Page("pages/compare.py", title="Compare models"),
                st.Page("pages/confusion_explorer.py", title="Confusion explorer"),
                st.Page("pages/models.py", title="Models and data"),
            ],
            "Slide and live": [
                st.Page("pages/slide.py", title="Slide"),
                st.Page("pages/live.py", title="Live camera"),
                st.Page("pages/batch.py", title="Batch"),
            ],
            "Stage": [st.Page("pages/stage.py", title="Stage")],
        },
        position="top",
    )
    theme.frame(page.title)
    kept.resume()
    try:
        # Takes no room: what follows stays where it is when something comes or goes here.
        with st.container(key="beside"):
            tour.show(page.title)
            kept.tell()
        page.run()
    except Exception as error:  # the outermost door: a visitor reads a sentence, not a trace
        notes.unexpected(error)
    finally:
        kept.keep()
    theme.footer()
