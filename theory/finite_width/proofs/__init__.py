"""The derivations behind the law at finite width."""
