"""The derivations behind the rivals' theories."""
