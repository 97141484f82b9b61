"""The sub-commands of ``mde-files``, one module each, imported only when it is called."""
