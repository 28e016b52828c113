"""Definition 2 and Propositions 1 to 3: negative filtering rules."""
