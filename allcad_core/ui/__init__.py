"""What the pages share: theme, words, state, viewer, gallery, charts. The only place in allcad_core that knows Streamlit."""
