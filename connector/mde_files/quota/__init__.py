"""The quota that everybody who shares a state keeps together."""

from mde_files.quota.limiter import Priority, Quota, WindowUsage

__all__ = ["Priority", "Quota", "WindowUsage"]
