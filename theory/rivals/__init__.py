"""The rivals' theories: what Sixt, Nie, Binder and Adebayo predict."""
