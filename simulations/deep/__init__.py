"""PyTorch networks of any depth: every rule of the one-layer laboratory on convolutional and residual networks."""
