"""The Splunk SOAR app: a project on the official SDK, and what its actions do at run time."""
