"""What tests share: oracles, networks, measurements."""
