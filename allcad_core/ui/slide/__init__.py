"""The page Slide: a viewer that looks at what the visitor sees, and remembers it."""
