"""The worker's side: one task in, epoch events and one outcome out.

`tasks` and `parameters` are light and imported by the parent; everything else here imports TensorFlow and is imported
by workers only.
"""
