"""The derivations behind the limits."""
