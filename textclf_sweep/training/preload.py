"""What a worker's ancestor imports once, so that each worker starts warm.

No op may run here: TensorFlow does not survive a fork after its first op.
"""

from __future__ import annotations

import os

# Read by TensorFlow at import: no information lines, and the same arithmetic on every CPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# Read by NumPy at import: the products of recurrent layers are too small to share, and threads that wait for a share
# burn the time of other workers.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import keras
import scipy.sparse  # noqa: F401 - the first step of a recurrent layer would import it
import tensorflow as tf

LOADED = (tf.__version__, keras.__version__)
