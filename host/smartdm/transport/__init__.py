"""Ways to a card: each carries command APDUs there and response APDUs back."""
