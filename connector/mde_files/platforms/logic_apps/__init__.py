"""Azure Logic Apps and Power Automate: a custom connector in front of ``mde-files serve``."""
