"""The live page's parts: the camera in the browser, and what is said about its picture."""
