"""A preload that does what asyncio does from Python 3.12 on: reset the wakeup descriptor in a forked child."""

from __future__ import annotations

import os
import signal

os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
