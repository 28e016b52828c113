"""What Key Information Sufficiency is by its definition alone, whatever the network."""
