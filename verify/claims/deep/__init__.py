"""Claims on deep networks, judged from what the bridge measured; nothing here needs PyTorch."""
