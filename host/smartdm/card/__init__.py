"""The card as seen from the host: APDUs, the channel, batches, one method for each command."""
