"""The saboteur: small faults put into a copy of the house, one at a time; a test has to notice each of them."""
