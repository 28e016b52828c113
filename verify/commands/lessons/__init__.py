"""What `nfrlab train` is made of: how epochs are told and kept, and networks with backdoors."""
