"""The derivations behind what the rivals predict."""
