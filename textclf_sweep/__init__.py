"""textclf-sweep: hyperparameter sweeps for TensorFlow/Keras text classification."""

__version__ = "0.1.0"
