"""The Model Context Protocol server: the actions of the manifest as tools of an assistant, over standard streams."""
