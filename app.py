"""The door of the dashboard: its pages and its frame. Run it with ``streamlit run app.py``."""

import streamlit as st

from allcad_core.ui import theme

page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", default=True),
        st.Page("pages/analyse.py", title="Analyse smear"),
        st.Page("pages/models.py", title="Models and data"),
    ],
    position="top",
)
theme.frame(page.title)
page.run()
theme.footer()
