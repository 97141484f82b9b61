"""What workers share: quota windows, pauses, cached answers and leases, behind one small interface."""

from mde_files.state.interface import BackendUnavailableError, State
from mde_files.state.opening import open_state
from mde_files.state.resilient import ResilientState

__all__ = ["BackendUnavailableError", "ResilientState", "State", "open_state"]
